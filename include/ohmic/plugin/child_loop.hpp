// What the process of an isolated plugin does: it loads the plugin and answers, each lane by a thread of its own.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <filesystem>
#include <malloc.h>
#include <memory>
#include <mutex>
#include <sched.h>
#include <span>
#include <string>
#include <sys/mman.h>
#include <system_error>
#include <thread>
#include <type_traits>
#include <unistd.h>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/device/tile_device.hpp"
#include "ohmic/plugin/lane.hpp"

namespace ohmic::inline OHMIC_ABI::plugin::detail {

/// The child: serves requests until it is ended, as it is with the host.
/// Server has table(), devices(), make_plugin_device(name, parameters, checks), price_books(), price_text(parameters), where()
template <class Server>
class child_loop {
 public:
  /// Range   at least one lane
  explicit child_loop(std::vector<shared_lane> const& lanes) : lanes_(lanes) {}

  [[noreturn]] void run(std::filesystem::path const& file) {
    // A copy of this process that the plugin makes has no lane: it would write its results into calls that came later.
    for (auto const& l : lanes_) ::madvise(l.get(), unmap_lane::bytes(), MADV_DONTFORK);
    ::mallopt(M_ARENA_MAX, 1);  // an arena a thread is addresses that the plugin may want
    std::unique_ptr<Server> server;
    lane& first = *lanes_.front();
    answer(first, [&] {
      server = std::make_unique<Server>(file);
      first.table = server->table();
      std::copy(server->devices().begin(), server->devices().end(), first.devices);
    });
    std::vector<std::thread> threads;
    if (server) {
      try {
        while (threads.size() + 1 < lanes_.size())
          threads.emplace_back([this, &server, k = threads.size() + 1] { serve_lane(*server, *lanes_[k]); });
      } catch (std::system_error const&) {}  // as many as there are
    }
    first.lanes = static_cast<std::uint32_t>(threads.size() + 1);
    first.answered.become(1);
    if (server) serve_lane(*server, first);
    for (;;) ::pause();
  }

 private:
  using device_type =
      std::remove_reference_t<decltype(*std::declval<Server const&>().make_plugin_device("", "", false))>;

  /// Calls that no plugin starts threads for: so few cells, of a function that took so little the last time.
  static constexpr std::uint64_t few_cells = 8192;
  static constexpr std::chrono::microseconds little{100};

  struct instance {
    std::shared_ptr<device_type const> device{};
    std::atomic<std::uint32_t> quick{0};  ///< operations that took little
  };

  void serve_lane(Server const& server, lane& l) {
    l.thread = knows_processors_ ? ::gettid() : 0;  // 0: it stays where it is, for it could not be let go again
    for (std::uint32_t number = 0;;) {
      // The first is that of loading, and answered.
      number = l.asked.after(number);
      answer(l, [&] { serve(server, l); });
      l.answered.become(number);
    }
  }
  void run_anywhere(lane& l) const noexcept {
    if (l.processor >= 0 && ::sched_setaffinity(0, sizeof processors_, &processors_) == 0) l.processor = -1;
  }
  template <class F>
  static void answer(lane& l, F const& f) {
    l.failed = 0;
    try {
      f();
    } catch (error const& e) { fail(l, e.info()); } catch (std::exception const& e) {
      fail(l, {errc::plugin_failed, e.what(), "", "", "", ""});
    } catch (...) { fail(l, {errc::plugin_failed, "an unknown exception", "", "", "", ""}); }
  }
  static void fail(lane& l, error_info const& e) {
    std::string const* const texts[] = {&e.what, &e.where, &e.got, &e.allowed, &e.fix};
    for (std::size_t k = 0; k < 5; ++k) {
      auto const n = std::min(texts[k]->size(), sizeof l.text[k] - 1);
      std::memcpy(l.text[k], texts[k]->data(), n);
      l.text[k][n] = '\0';
    }
    l.failed = static_cast<std::int32_t>(e.code);
  }
  void serve(Server const& server, lane& l) {
    using op = lane::operation;
    if (l.what == op::look) return;
    if (l.what < op::program || l.what > op::read) run_anywhere(l);
    if (l.what == op::prices) {
      auto const text = server.price_text(l.parameters);
      if (text.size() > sizeof l.values)
        throw error({errc::capacity, "the price book is too large for an isolated plugin", server.where(),
                     std::to_string(text.size()) + " bytes", std::to_string(sizeof l.values),
                     "run it without isolation"});
      std::memcpy(l.values, text.data(), text.size());
      l.text_bytes = text.size();
      return;
    }
    if (l.what == op::price_books) {
      auto const found = server.price_books();
      l.text_bytes = found ? sizeof *found : 0;
      if (found) std::memcpy(l.values, &*found, sizeof *found);
      return;
    }
    if (l.what == op::create) {
      // The host checks results, and need not twice.
      auto made = server.make_plugin_device(server.devices().at(l.device).name, l.parameters, false);
      l.facts = made->raw_facts();
      std::lock_guard const lock(mutex_);
      l.new_instance = static_cast<std::uint32_t>(instances_.size());
      instances_.push_back(std::make_shared<instance>());
      instances_.back()->device = std::move(made);
      return;
    }
    if (l.what == op::destroy) {
      auto const ended = [&] {
        std::lock_guard const lock(mutex_);
        return std::move(instances_.at(l.instance));
      }();
      return;
    }
    auto const i = [&] {
      std::lock_guard const lock(mutex_);
      return instances_.at(l.instance);
    }();
    if (!i) throw error({errc::plugin_failed, "an instance that is gone", server.where(), "", "", ""});
    cell_tile const tile = {l.rows, l.cols, l.first, l.stride};
    // Threads that the plugin starts may run where the host's may.
    std::uint32_t const bit = std::uint32_t{1} << (static_cast<std::uint32_t>(l.what) & 31u);
    if (tile.size() > few_cells || (i->quick.load() & bit) == 0) run_anywhere(l);
    auto const start = std::chrono::steady_clock::now();
    call(*i->device, tile, l);
    if (std::chrono::steady_clock::now() - start < little)
      i->quick |= bit;
    else
      i->quick &= ~bit;
  }
  static void call(device_type const& d, cell_tile const& tile, lane& l) {
    using op = lane::operation;
    auto const of = [&](std::size_t k) { return std::span<double>(l.values[k], tile.size()); };
    auto const rows = [&](std::size_t k) { return std::span<double>(l.values[k], tile.rows * l.ld); };
    if (l.what == op::program) d.program_spaced(tile, l.ld, rows(0), rows(3), rows(4));
    if (l.what == op::draw) d.draw(tile, {l.seed, static_cast<purpose>(l.purpose), l.array}, l.time, of(0), of(3));
    if (l.what == op::age) d.age(tile, l.age_s, of(0), of(1), of(2), of(3));
    if (l.what == op::read) d.read(tile, l.age_s, of(0), of(1), of(3));
  }

  std::vector<shared_lane> const& lanes_;
  cpu_set_t processors_{};
  bool knows_processors_ = ::sched_getaffinity(0, sizeof processors_, &processors_) == 0;
  std::mutex mutex_{};
  std::vector<std::shared_ptr<instance>> instances_{};
};

}  // namespace ohmic::inline OHMIC_ABI::plugin::detail
