// Transcripts of clips: which files, the words that are compared, and the word error rate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <ios>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/utf8.hpp"
#include "ohmic/model/dataset.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/metrics.hpp"
#include "ohmic/model/task.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// One line `file<TAB>transcript`. A file lies in the list's folder or in a folder there (`clips/a.wav`): a list that came with its clips
/// reads nothing else. In silence nothing is said.
struct transcribed_clip {
  std::filesystem::path file;
  std::string transcript;
  std::size_t line = 0;
};

/// Reads lines `file<TAB>transcript`; lines as for_each_line.
/// Errors  errc::file_missing; errc::file_format naming the line: not one TAB, a name that is none or leads out of the folder
///         (absolute, "..", a backslash), malformed UTF-8, a file given twice; also for a list without lines; errc::capacity
[[nodiscard]] inline std::vector<transcribed_clip> read_transcripts(std::filesystem::path const& list) {
  std::vector<transcribed_clip> out;
  std::set<std::string> seen;
  for_each_line(list, [&](std::string_view line, std::size_t number) {
    auto const fail = [&](std::string what) {
      return error({errc::file_format, std::move(what), place(list, "line " + std::to_string(number)),
                    line.empty() ? "nothing" : in_quotes(line), "file<TAB>transcript", ""});
    };
    if (find_invalid_utf8(line) != std::string_view::npos) throw fail("is not UTF-8");
    std::size_t const tab = line.find('\t');
    if (tab == line.npos || line.find('\t', tab + 1) != line.npos) throw fail("does not have one TAB");
    std::string const name(line.substr(0, tab)), text(line.substr(tab + 1));
    if (name.empty()) throw fail("names no file");
    if (!is_name_inside(name))
      throw error({errc::file_format, "names a file outside the list's folder",
                   place(list, "line " + std::to_string(number)), in_quotes(printable(name)),
                   "files in the list's folder and in folders there", "put the clips beside the list"});
    if (!seen.insert(name).second) throw fail("names a file that was given before");
    out.push_back({list.parent_path() / name, text, number});
  });
  if (out.empty()) throw error({errc::file_format, "holds no clip", place(list), "0 lines", "file<TAB>transcript", ""});
  return out;
}

/// The clips of a list that are there; none of any other file.
[[nodiscard]] inline std::vector<std::filesystem::path> clips_there(std::filesystem::path const& file) {
  std::vector<std::filesystem::path> clips;
  std::error_code ec;
  auto const is_there = [&](std::filesystem::path const& clip) { return std::filesystem::is_regular_file(clip, ec); };
  // Whatever a command reads comes here: only what begins as a list is read as one.
  std::string line(4096, '\0');
  std::ifstream in(file, std::ios::binary);
  in.read(line.data(), static_cast<std::streamsize>(line.size()));
  std::string_view name = std::string_view(line).substr(0, static_cast<std::size_t>(in.gcount()));
  if (name.starts_with("\xEF\xBB\xBF")) name.remove_prefix(3);
  std::size_t const tab = name.find_first_of("\t\n");
  if (tab == name.npos || name[tab] == '\n') return clips;
  name = name.substr(0, tab);
  if (!is_name_inside(name) || !is_there(file.parent_path() / name)) return clips;
  try {
    for (auto const& c : read_transcripts(file))
      if (is_there(c.file)) clips.push_back(c.file);
  } catch (error const&) { clips.clear(); }
  return clips;
}

/// content_digest of a data file; of a list of clips together with that of its clips.
/// Errors  those of content_digest
[[nodiscard]] inline std::uint64_t data_digest(std::filesystem::path const& file) {
  std::uint64_t digest = content_digest(file);
  for (auto const& clip : clips_there(file)) {
    std::uint64_t const of_clip = content_digest(clip);
    digest = fingerprint({reinterpret_cast<char const*>(&of_clip), sizeof of_clip}, digest);
  }
  return digest;
}

/// What is compared of a transcript: lower case, digits as words, apostrophes left out, other signs as blanks.
/// Range   ASCII letters and digits count; bytes of others are kept as they are
[[nodiscard]] inline std::string spoken_words(std::string_view text) {
  static constexpr char const* digits[] = {"zero", "one", "two",   "three", "four",
                                           "five", "six", "seven", "eight", "nine"};
  std::string out;
  for (char const c : text) {
    if (c >= '0' && c <= '9')
      out.append(" ").append(digits[c - '0']).append(" ");
    else if (c >= 'A' && c <= 'Z')
      out += static_cast<char>(c - 'A' + 'a');
    else if ((c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80)
      out += c;
    else if (c != '\'')
      out += ' ';
  }
  return out;
}

/// Clips and their transcripts: the word error rate ("wer") of all words together.
class wer_task {
 public:
  using answer = std::vector<std::int32_t>;
  static constexpr char const* name = "wer";
  static constexpr char const* agreement_name = "share of equal transcripts";
  static constexpr bool lower_is_better = true;

  using decoder = std::function<std::string(std::span<std::int32_t const>)>;  ///< the text of ids

  wer_task(token_lists clips, std::vector<std::string> const& transcripts, decoder text)
      : inputs_(std::move(clips)), text_(std::move(text)) {
    for (auto const& t : transcripts) references_.push_back(spoken_words(t));
  }

  [[nodiscard]] token_lists const& inputs() const noexcept { return inputs_; }
  [[nodiscard]] answer answer_of(std::size_t, matrix<float> const& output) const {
    answer ids;
    for (float v : output.flat()) ids.push_back(static_cast<std::int32_t>(v));
    return ids;
  }
  /// Steps of the decoder that an answer took.
  [[nodiscard]] static std::size_t steps_of(answer const& a) noexcept { return a.size(); }
  [[nodiscard]] std::string text_of(answer const& a) const { return text_(a); }
  [[nodiscard]] std::vector<named_score> scores(std::vector<answer> const& answers) const {
    word_errors sum;
    for (std::size_t i = 0; i < answers.size(); ++i)
      sum += count_word_errors(references_[i], spoken_words(text_of(answers[i])));
    return {{"wer", sum.rate()}, {"word_errors", static_cast<double>(sum.errors)}};
  }
  [[nodiscard]] double agreement(std::vector<answer> const& answers, std::vector<answer> const& reference) const {
    std::size_t equal = 0;
    for (std::size_t i = 0; i < answers.size(); ++i) equal += static_cast<std::size_t>(answers[i] == reference[i]);
    return answers.empty() ? 0.0 : static_cast<double>(equal) / static_cast<double>(answers.size());
  }

 private:
  token_lists inputs_;
  std::vector<std::string> references_;
  decoder text_;
};
static_assert(task<wer_task>);

}  // namespace ohmic::inline OHMIC_ABI::model
