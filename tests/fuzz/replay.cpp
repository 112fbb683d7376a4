// Runs a fuzz harness without a fuzzer: files of a corpus as they are, then mutations of them.
//   replay FOLDER [RUNS [SEED]]     a run changes a file in up to eight places; runs are functions of the seed
// Built with OHMIC_FUZZ_REGISTRY it holds many harnesses, and the name of one comes first.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string_view>
#include <vector>

#include "ohmic/core/stream.hpp"

#ifdef OHMIC_FUZZ_REGISTRY
#include "harness.hpp"
#else
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);
#endif

namespace {

using bytes = std::vector<std::uint8_t>;

/// One change: a byte, a word of an interesting value, a swap, the end cut off, a piece twice or gone, a number out of proportion.
void mutate(bytes& b, std::uint32_t const* word) {
  static constexpr std::uint64_t values[] = {0,   1,   2,   63,     64,      65,      0x7F,       0xFF,
                                             280, 784, 792, 0xFFFF, 0x10000, 0x10118, 0x80000000, ~0ull};
  if (b.empty()) return;
  std::size_t const at = word[0] % b.size();
  static constexpr std::string_view numbers[] = {"-1",   "0",  "1e999", "18446744073709551615", "4294967296", "nan",
                                                 "\"\"", "[[", "{"};
  switch (word[1] % 11) {
    case 0:
      b.resize(at);
      break;
    case 1:
      std::swap(b[at], b[word[2] % b.size()]);
      break;
    case 2:
    case 3:
    case 4: {
      std::size_t const n = std::size_t{1} << word[2] % 4, from = at / n * n;
      std::uint64_t const v = values[word[3] % std::size(values)];
      for (std::size_t k = 0; k < n && from + k < b.size(); ++k) b[from + k] = static_cast<std::uint8_t>(v >> 8 * k);
      break;
    }
    case 5:
      std::fill_n(b.begin() + static_cast<std::ptrdiff_t>(at), std::min<std::size_t>(b.size() - at, word[2] % 300),
                  std::uint8_t{'x'});
      break;
    case 6: {
      auto const piece = std::min<std::size_t>(b.size() - at, 1 + word[2] % 64);
      bytes const copy(b.begin() + static_cast<std::ptrdiff_t>(at),
                       b.begin() + static_cast<std::ptrdiff_t>(at + piece));
      b.insert(b.begin() + static_cast<std::ptrdiff_t>(word[3] % b.size()), copy.begin(), copy.end());
      break;
    }
    case 7:
      b.erase(b.begin() + static_cast<std::ptrdiff_t>(at),
              b.begin() + static_cast<std::ptrdiff_t>(at + std::min<std::size_t>(b.size() - at, 1 + word[2] % 64)));
      break;
    case 8: {
      auto const text = numbers[word[2] % std::size(numbers)];
      b.insert(b.begin() + static_cast<std::ptrdiff_t>(at), text.begin(), text.end());
      break;
    }
    default:
      b[at] = static_cast<std::uint8_t>(b[at] ^ (1u << word[2] % 8));
  }
}

}  // namespace

int main(int argc, char** argv) {
#ifdef OHMIC_FUZZ_REGISTRY
  ohmic_fuzz::harness run = nullptr;
  for (auto const* r = ohmic_fuzz::registered::first(); r != nullptr; r = r->next)
    if (argc > 1 && r->name == argv[1]) run = r->run;
  if (run == nullptr) {
    std::fprintf(stderr, "usage: replay HARNESS FOLDER [RUNS [SEED]]; harnesses:\n");
    for (auto const* r = ohmic_fuzz::registered::first(); r != nullptr; r = r->next)
      std::fprintf(stderr, "  %.*s\n", static_cast<int>(r->name.size()), r->name.data());
    return 2;
  }
  --argc, ++argv;
#else
  auto* const run = &LLVMFuzzerTestOneInput;
#endif
  if (argc < 2) return 2;
  std::vector<std::filesystem::path> files;
  for (auto const& entry : std::filesystem::directory_iterator(argv[1])) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<bytes> corpus;
  for (auto const& file : files) {
    std::ifstream in(file, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    run(corpus.back().data(), corpus.back().size());
  }
  if (corpus.empty()) return 2;
  std::uint64_t const runs = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
  std::uint64_t const seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  bytes input;
  for (std::uint64_t r = 0; r < runs; ++r) {
    ohmic::stream const numbers{seed, ohmic::purpose::user, static_cast<std::uint32_t>(r >> 30)};
    std::uint32_t words[36];
    numbers.words((r & 0x3fffffff) * 4, 0, std::span<std::uint32_t>(words, 4));
    input = corpus[words[0] % corpus.size()];
    std::uint32_t const changes = 1 + words[1] % 8;
    numbers.words((r & 0x3fffffff) * 32, 1, std::span<std::uint32_t>(words, 32));
    for (std::uint32_t k = 0; k < changes; ++k) mutate(input, words + 4 * k);
    run(input.data(), input.size());
  }
  std::printf("%zu files, %llu mutations: clean\n", corpus.size(), static_cast<unsigned long long>(runs));
  return 0;
}
