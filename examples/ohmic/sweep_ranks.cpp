#include "sweep_ranks.hpp"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
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
/// Waits for a message to or from a rank that may have died in the middle of it, when MPI would wait for ever.
/// False after that time; the memory of the message is then MPI's for good.
bool ended_in_time(MPI_Request request, std::unique_ptr<std::string>& text) {
  auto const last = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (int ended = 0; ended == 0;) {
    if (MPI_Test(&request, &ended, MPI_STATUS_IGNORE) != MPI_SUCCESS) return false;
    if (ended == 0 && std::chrono::steady_clock::now() > last) {
      static_cast<void>(text.release());
      return false;
    }
  }
  return true;
}
/// True if a launcher started this process: alone, MPI costs time and may not even start.
bool launched_by_mpi() {
  for (char const* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_SIZE", "PMI_RANK"})
    if (std::getenv(name) != nullptr) return true;
  return false;
}
#endif

}  // namespace

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
#endif
}

rank_team::~rank_team() {
#if defined(OHMIC_WITH_MPI)
  int begun = 0;
  MPI_Initialized(&begun);
  if (begun != 0) MPI_Finalize();
#endif
}

bool rank_team::send([[maybe_unused]] int to, [[maybe_unused]] word what, [[maybe_unused]] std::string const& bytes) {
#if defined(OHMIC_WITH_MPI)
  auto text = std::make_unique<std::string>(bytes);
  MPI_Request request = MPI_REQUEST_NULL;
  if (MPI_Isend(text->data(), static_cast<int>(text->size()), MPI_BYTE, to, static_cast<int>(what), MPI_COMM_WORLD,
                &request) != MPI_SUCCESS)
    return false;
  return ended_in_time(request, text);
#else
  return false;
#endif
}

std::optional<rank_team::message> rank_team::poll() {
#if defined(OHMIC_WITH_MPI)
  if (size_ > 1) {
    int there = 0, bytes = 0;
    MPI_Status status;
    if (MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &status) == MPI_SUCCESS && there != 0) {
      MPI_Get_count(&status, MPI_BYTE, &bytes);
      message m{status.MPI_SOURCE, static_cast<word>(status.MPI_TAG),
                std::string(static_cast<std::size_t>(bytes), '\0')};
      auto text = std::make_unique<std::string>(std::move(m.bytes));
      std::string* const received = text.get();
      MPI_Request request = MPI_REQUEST_NULL;
      if (MPI_Irecv(received->data(), bytes, MPI_BYTE, m.from, status.MPI_TAG, MPI_COMM_WORLD, &request) != MPI_SUCCESS)
        return std::nullopt;
      if (!ended_in_time(request, text)) return std::nullopt;
      m.bytes = std::move(*received);
      return m;
    }
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
