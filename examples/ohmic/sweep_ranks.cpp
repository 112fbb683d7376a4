#include "sweep_ranks.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <list>
#include <memory>
#include <set>
#include <unistd.h>

#if defined(OHMIC_WITH_MPI)
#include <mpi.h>  // points handed to processes on other machines
#endif

#include "ohmic/core/error.hpp"

namespace program_cli {

namespace {

template <class T>
void append(std::string& out, T const& value) {
  out.append(reinterpret_cast<char const*>(&value), sizeof value);
}
/// Reads what append wrote.
struct byte_reader {
  std::string const& bytes;
  std::size_t at = 0;

  void need(std::size_t n) const {
    if (bytes.size() - at < n)
      throw ohmic::error({ohmic::errc::contract, "a message of another rank is too short", "mpirun",
                          std::to_string(bytes.size()) + " bytes", "", "start the same program on every machine"});
  }
  template <class T>
  T take() {
    need(sizeof(T));
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    at += sizeof value;
    return value;
  }
  std::string text(std::size_t n) {
    need(n);
    at += n;
    return bytes.substr(at - n, n);
  }
};

#if defined(OHMIC_WITH_MPI)
/// True if a launcher started this process: alone, MPI costs time and may not even start.
bool launched_by_mpi() {
  for (char const* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_SIZE", "PMI_RANK"})
    if (std::getenv(name) != nullptr) return true;
  return false;
}
#endif

}  // namespace

struct rank_team::mail {
#if defined(OHMIC_WITH_MPI)
  /// MPI writes to or reads from the bytes until the request has ended.
  struct letter {
    message content;
    MPI_Request request = MPI_REQUEST_NULL;
    bool failed = false;  ///< whether MPI still uses the bytes is not known then: they are kept
  };
  std::list<letter> out, in;
  std::vector<int> unreachable;  ///< ranks that a letter did not reach

  [[nodiscard]] bool is_sending() const noexcept {
    return std::any_of(out.begin(), out.end(), [](letter const& l) { return !l.failed; });
  }
  /// True where MPI is done with it, well or not.
  static bool ended(letter& l) {
    if (l.failed) return true;
    int done = 0;
    if (MPI_Test(&l.request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS) return l.failed = true;
    return done != 0;
  }
  void carry_on() {
    out.remove_if([](letter& l) { return ended(l) && !l.failed; });
    for (auto& l : out)
      if (l.failed && l.content.what != word::failed) {
        unreachable.push_back(l.content.from);
        l.content.what = word::failed;  // told once, its bytes are kept
      }
    for (;;) {
      int there = 0, bytes = 0;
      MPI_Message found = MPI_MESSAGE_NULL;
      MPI_Status status;
      if (MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &found, &status) != MPI_SUCCESS ||
          there == 0)
        return;
      MPI_Get_count(&status, MPI_BYTE, &bytes);
      letter& l = in.emplace_back();
      l.content = {status.MPI_SOURCE, static_cast<word>(status.MPI_TAG),
                   std::string(static_cast<std::size_t>(bytes), '\0')};
      l.failed = MPI_Imrecv(l.content.bytes.data(), bytes, MPI_BYTE, &found, &l.request) != MPI_SUCCESS;
    }
  }
  /// The first that has arrived, but none before an earlier one of its rank.
  std::optional<message> first() {
    if (!unreachable.empty()) {
      int const rank = unreachable.back();
      unreachable.pop_back();
      return message{rank, word::failed, "a message does not reach it"};
    }
    std::set<int> waiting;
    for (auto l = in.begin(); l != in.end(); ++l) {
      if (waiting.contains(l->content.from)) continue;
      if (l->failed && l->content.what == word::failed) continue;  // told already, its bytes are kept
      if (!ended(*l)) {
        waiting.insert(l->content.from);
        continue;
      }
      if (l->failed) {
        l->content.what = word::failed;
        return message{l->content.from, word::failed, "a message of it cannot be received"};
      }
      message m = std::move(l->content);
      in.erase(l);
      return m;
    }
    return std::nullopt;
  }
#endif
};

rank_team::rank_team() {
  char name[256] = "";
  if (gethostname(name, sizeof name - 1) == 0) host_ = name;
#if defined(OHMIC_WITH_MPI)
  if (!launched_by_mpi()) return;
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);  // a rank that dies takes no other with it
  MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
  MPI_Comm_size(MPI_COMM_WORLD, &size_);
  MPI_Comm machine = MPI_COMM_NULL;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
  MPI_Comm_size(machine, &local_size_);
  MPI_Comm_free(&machine);
  if (size_ > 1) mail_ = std::make_unique<mail>();
#endif
}

rank_team::~rank_team() {
#if defined(OHMIC_WITH_MPI)
  int begun = 0;
  MPI_Initialized(&begun);
  if (begun == 0) return;
  if (mail_) {
    auto const last = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (mail_->is_sending() && std::chrono::steady_clock::now() < last) mail_->carry_on();
    if (!mail_->out.empty() || !mail_->in.empty()) static_cast<void>(mail_.release());  // MPI may still use it
  }
  MPI_Finalize();
#endif
}

bool rank_team::send([[maybe_unused]] int to, [[maybe_unused]] word what, [[maybe_unused]] std::string const& bytes) {
#if defined(OHMIC_WITH_MPI)
  if (mail_) {
    auto& l = mail_->out.emplace_back();
    l.content = {to, what, bytes};
    if (MPI_Isend(l.content.bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, to, static_cast<int>(what),
                  MPI_COMM_WORLD, &l.request) == MPI_SUCCESS)
      return true;
    mail_->out.pop_back();
  }
#endif
  return false;
}

std::optional<rank_team::message> rank_team::poll() {
#if defined(OHMIC_WITH_MPI)
  if (mail_) {
    mail_->carry_on();
    return mail_->first();
  }
#endif
  return std::nullopt;
}

void rank_team::abort(int status) {
#if defined(OHMIC_WITH_MPI)
  if (size_ > 1) MPI_Abort(MPI_COMM_WORLD, status);
#endif
  std::_Exit(status);
}

std::string packed(std::span<std::uint64_t const> points) {
  return {reinterpret_cast<char const*>(points.data()), points.size_bytes()};
}
std::vector<std::uint64_t> unpacked_points(std::string const& bytes) {
  std::vector<std::uint64_t> points;
  for (byte_reader in{bytes}; in.at < bytes.size();) points.push_back(in.take<std::uint64_t>());
  return points;
}

std::string packed(std::vector<sweep_result> const& results) {
  std::string out;
  for (auto const& r : results) {
    append(out, r.point);
    append(out, static_cast<std::uint32_t>(r.error.size()));
    out += r.error;
    append(out, static_cast<std::uint32_t>(r.metrics.size()));
    for (double v : r.metrics) append(out, v);
  }
  return out;
}
std::vector<sweep_result> unpacked_results(std::string const& bytes) {
  std::vector<sweep_result> results;
  for (byte_reader in{bytes}; in.at < bytes.size();) {
    sweep_result r;
    r.point = in.take<std::uint64_t>();
    r.error = in.text(in.take<std::uint32_t>());
    for (auto n = in.take<std::uint32_t>(); n > 0; --n) r.metrics.push_back(in.take<double>());
    results.push_back(std::move(r));
  }
  return results;
}

}  // namespace program_cli
