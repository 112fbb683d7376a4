// Processes that share a sweep: those that mpirun started, or this one alone.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sweep_store.hpp"

namespace program_cli {

/// Rank 0 hands out points and keeps the results; the others ask for nothing and answer what they are handed.
/// All calls come from one thread, and none waits for another rank: who decides that a rank is lost is the caller, by its silence.
/// Without MPI, or without mpirun, a team of one.
class rank_team {
 public:
  enum class word : int { points = 1, results = 2, alive = 3, failed = 4, finished = 5 };
  struct message {
    int from = 0;
    word what = word::alive;
    std::string bytes;
  };

  rank_team();
  rank_team(rank_team const&) = delete;
  rank_team& operator=(rank_team const&) = delete;
  ~rank_team();

  [[nodiscard]] int rank() const noexcept { return rank_; }
  [[nodiscard]] int size() const noexcept { return size_; }
  /// Ranks on this machine, to share its processors.
  [[nodiscard]] int local_size() const noexcept { return local_size_; }
  [[nodiscard]] std::string const& host() const noexcept { return host_; }

  /// On its way when it returns; `poll` carries it on. False where MPI refuses it.
  bool send(int to, word what, std::string const& bytes);
  /// What has arrived, or nothing; of one rank in the order in which it was sent. A message of a rank that died in the middle of it
  /// never arrives, and one that cannot be received is `failed`.
  [[nodiscard]] std::optional<message> poll();
  /// Some rank will never answer: the end cannot wait for all.
  void leave_lost() noexcept { lost_ = true; }
  [[nodiscard]] bool has_lost() const noexcept { return lost_; }
  /// Leaves without waiting for a rank that is lost; ends the others.
  [[noreturn]] void abort(int status);

 private:
  int rank_ = 0, size_ = 1, local_size_ = 1;
  bool lost_ = false;
  std::string host_;
  struct mail;  ///< messages on their way
  std::unique_ptr<mail> mail_;
};

std::string packed(std::span<std::uint64_t const> points);
std::vector<std::uint64_t> unpacked_points(std::string const& bytes);
std::string packed(std::vector<sweep_result> const& results);
std::vector<sweep_result> unpacked_results(std::string const& bytes);

}  // namespace program_cli
