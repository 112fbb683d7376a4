// What the fuzz harnesses share: how one is declared, files from bytes, and what a refusal has to look like.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ios>
#include <stdlib.h>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "ohmic/core/error.hpp"

namespace ohmic_fuzz {

using harness = int (*)(std::uint8_t const* data, std::size_t size);

/// A harness by name, in an executable that holds many of them.
struct registered {
  std::string_view name;
  harness run;
  registered const* next;
  registered(std::string_view n, harness r) : name(n), run(r), next(first()) { first() = this; }
  static registered const*& first() {
    static registered const* head = nullptr;
    return head;
  }
};

/// Ends the process, which is how a harness reports a finding.
[[noreturn]] inline void finding(std::string const& what) {
  std::fprintf(stderr, "finding: %s\n", what.c_str());
  std::abort();
}

/// Files come and go here, in memory where the machine has a place for that.
class input_folder {
 public:
  input_folder() {
    std::error_code ec;
    std::string const shared = "/dev/shm";
    std::string name =
        (std::filesystem::is_directory(shared, ec) ? shared : std::string("/tmp")) + "/ohmic_fuzz_XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) finding("no folder " + name);
    path_ = name;
  }
  ~input_folder() {
    std::error_code ec;
    std::filesystem::remove_all(path_, ec);
  }
  input_folder(input_folder const&) = delete;
  input_folder& operator=(input_folder const&) = delete;

  [[nodiscard]] std::filesystem::path const& path() const noexcept { return path_; }
  std::filesystem::path write(std::string const& name, std::string_view bytes) const {
    auto const file = path_ / name;
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return file;
  }
  void remove(std::string const& name) const {
    std::error_code ec;
    std::filesystem::remove(path_ / name, ec);
  }

 private:
  std::filesystem::path path_;
};

inline std::string_view text_of(std::uint8_t const* data, std::size_t size) {
  return {reinterpret_cast<char const*>(data), size};
}

/// Parts of an input that stands for several files: a line "%%" lies between them. Always `count`, some of them empty.
inline std::vector<std::string_view> parts_of(std::string_view text, std::size_t count) {
  constexpr std::string_view between = "\n%%\n";
  std::vector<std::string_view> parts;
  while (parts.size() + 1 < count) {
    auto const at = text.find(between);
    parts.push_back(text.substr(0, at));
    text = at == text.npos ? std::string_view{} : text.substr(at + between.size());
  }
  parts.push_back(text);
  return parts;
}

/// A refusal says what is wrong and where, and blames the input.
inline void check_refusal(ohmic::error const& e) {
  if (e.info().what.empty() || (e.info().where.empty() && e.info().allowed.empty()))
    finding(std::string("a refusal without words: ") + e.what());
  if (!e.is_bad_input()) finding(std::string("a refusal that does not blame the input: ") + e.what());
}

/// Runs f; what it throws must be a refusal in order. True if it threw nothing.
template <class F>
bool accepts(F const& f) {
  try {
    f();
    return true;
  } catch (ohmic::error const& e) {
    check_refusal(e);
    return false;
  }
}

}  // namespace ohmic_fuzz

/// OHMIC_FUZZ(name) { body with data and size }: libFuzzer's entry, or one harness of many with OHMIC_FUZZ_REGISTRY.
#ifdef OHMIC_FUZZ_REGISTRY
#define OHMIC_FUZZ(name)                                                                                  \
  static void fuzz_##name([[maybe_unused]] std::uint8_t const* data, [[maybe_unused]] std::size_t size);  \
  static ohmic_fuzz::registered const registered_##name(#name, [](std::uint8_t const* d, std::size_t n) { \
    fuzz_##name(d, n);                                                                                    \
    return 0;                                                                                             \
  });                                                                                                     \
  static void fuzz_##name([[maybe_unused]] std::uint8_t const* data, [[maybe_unused]] std::size_t size)
#else
#define OHMIC_FUZZ(name)                                                                                 \
  static void fuzz_##name([[maybe_unused]] std::uint8_t const* data, [[maybe_unused]] std::size_t size); \
  extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {                    \
    fuzz_##name(data, size);                                                                             \
    return 0;                                                                                            \
  }                                                                                                      \
  static void fuzz_##name([[maybe_unused]] std::uint8_t const* data, [[maybe_unused]] std::size_t size)
#endif
