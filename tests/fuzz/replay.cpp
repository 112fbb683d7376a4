// Runs a fuzz harness without a fuzzer: files of a corpus as they are, then mutations of them.
//   replay FOLDER [RUNS [SEED]]     a run changes a file in up to eight places; runs are functions of the seed
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "ohmic/core/stream.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

namespace {

using bytes = std::vector<std::uint8_t>;

/// One change: a byte, a word of an interesting value, a swap, or the end cut off.
void mutate(bytes& b, std::uint32_t const* word) {
  static constexpr std::uint64_t values[] = {0,   1,   2,   63,     64,      65,      0x7F,       0xFF,
                                             280, 784, 792, 0xFFFF, 0x10000, 0x10118, 0x80000000, ~0ull};
  if (b.empty()) return;
  std::size_t const at = word[0] % b.size();
  switch (word[1] % 8) {
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
    default:
      b[at] = static_cast<std::uint8_t>(b[at] ^ (1u << word[2] % 8));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::vector<std::filesystem::path> files;
  for (auto const& entry : std::filesystem::directory_iterator(argv[1])) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<bytes> corpus;
  for (auto const& file : files) {
    std::ifstream in(file, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    LLVMFuzzerTestOneInput(corpus.back().data(), corpus.back().size());
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
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  std::printf("%zu files, %llu mutations: clean\n", corpus.size(), static_cast<unsigned long long>(runs));
  return 0;
}
