// Memory that the tasks of a loop share: as many buffers as tasks run at once, whatever their number.
#pragma once

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/view.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Buffers of one size, taken by a task and given back when it ends. Their contents are those of the last task.
/// Threads any; a lock is taken twice a task
template <class T>
class shared_buffers {
 public:
  explicit shared_buffers(std::size_t size) : size_(size) {}

  class buffer {
   public:
    explicit buffer(shared_buffers& from) : from_(&from), values_(from.take()) {}
    buffer(buffer const&) = delete;
    buffer& operator=(buffer const&) = delete;
    ~buffer() { from_->give(std::move(values_)); }
    [[nodiscard]] T* data() noexcept { return values_.data(); }

   private:
    shared_buffers* from_;
    aligned_vector<T> values_;
  };

 private:
  [[nodiscard]] aligned_vector<T> take() {
    if (size_ == 0) return {};
    {
      std::lock_guard const lock(mutex_);
      if (!free_.empty()) {
        auto out = std::move(free_.back());
        free_.pop_back();
        return out;
      }
      free_.reserve(++made_);  // so that giving back never allocates
    }
    return aligned_vector<T>(size_);
  }
  void give(aligned_vector<T>&& values) noexcept {
    if (size_ == 0) return;
    std::lock_guard const lock(mutex_);
    free_.push_back(std::move(values));
  }

  std::size_t size_, made_ = 0;
  std::mutex mutex_;
  std::vector<aligned_vector<T>> free_;
};

}  // namespace ohmic::inline OHMIC_ABI
