// Texts from files: labelled ones, plain lines, pairs of query and document; and the check that calibration and scored
// data differ.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/utf8.hpp"
#include "ohmic/model/file.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// One line `label<TAB>text` of a file. Lines count from 1.
struct labelled_text {
  std::size_t label = 0;
  std::string text;
  std::size_t line = 0;

  friend bool operator==(labelled_text const&, labelled_text const&) = default;
};

/// Largest data file that is read, in bytes.
inline constexpr std::uint64_t max_data_bytes = std::uint64_t{1} << 30;

namespace detail {

inline labelled_text parse_labelled(std::string_view line, std::string const& where, std::size_t number) {
  auto const fail = [&](std::string what, std::string_view got, std::string allowed) -> error {
    return error(
        {errc::file_format, std::move(what), where, got.empty() ? "" : in_quotes(got), std::move(allowed), ""});
  };
  if (std::size_t const bad = find_invalid_utf8(line); bad != std::string_view::npos)
    throw fail("is not UTF-8 at byte " + std::to_string(bad), {}, "");
  std::size_t const tab = line.find('\t');
  if (tab == std::string_view::npos) throw fail("has no TAB", line, "label<TAB>text");
  std::string_view const label = line.substr(0, tab), text = line.substr(tab + 1);
  labelled_text out{0, std::string(text), number};
  auto const [stop, ec] = std::from_chars(label.data(), label.data() + label.size(), out.label);
  if (ec != std::errc{} || stop != label.data() + label.size())
    throw fail("label is not a class number", label.empty() ? std::string_view("nothing") : label, "0, 1, 2, ..");
  if (text.find_first_not_of(" \t") == std::string_view::npos) throw fail("text is empty", {}, "label<TAB>text");
  return out;
}

/// The texts in order, each once.
inline std::set<std::string_view> distinct_texts(std::vector<labelled_text> const& data) {
  std::set<std::string_view> texts;
  for (labelled_text const& d : data) texts.insert(d.text);
  return texts;
}
}  // namespace detail

/// Calls f(line, number) for every line of a file, numbers from 1. Line ends may be LF or CRLF; a byte order mark is
/// skipped.
/// Errors  errc::file_missing; errc::capacity above max_data_bytes
template <class F>
void for_each_line(std::filesystem::path const& file, F&& f) {
  std::string const bytes = read_whole(file, max_data_bytes);
  std::size_t begin = bytes.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  for (std::size_t number = 1; begin < bytes.size(); ++number) {
    std::size_t const end = std::min(bytes.find('\n', begin), bytes.size());
    std::string_view line = std::string_view(bytes).substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    f(line, number);
    begin = end + 1;
  }
}

/// Reads lines `label<TAB>text`, label a class number from 0; lines as for_each_line.
/// Errors  errc::file_missing; errc::file_format naming the line: no TAB, no number, empty text, malformed UTF-8; also
///         for a file without lines; errc::capacity above max_data_bytes
[[nodiscard]] inline std::vector<labelled_text> read_labelled(std::filesystem::path const& file) {
  std::vector<labelled_text> data;
  for_each_line(file, [&](std::string_view line, std::size_t number) {
    data.push_back(detail::parse_labelled(line, place(file, "line " + std::to_string(number)), number));
  });
  if (data.empty()) throw error({errc::file_format, "holds no text", place(file), "0 lines", "label<TAB>text", ""});
  return data;
}

/// Plain lines of a text, and how many that hold nothing but blanks were passed over.
struct plain_lines {
  std::vector<std::string> lines;
  std::size_t empty = 0;
};

/// Reads a text line by line; lines as for_each_line.
/// Errors  errc::file_missing; errc::file_format naming the line: malformed UTF-8; also for a file without text;
///         errc::capacity
[[nodiscard]] inline plain_lines read_lines(std::filesystem::path const& file) {
  plain_lines out;
  for_each_line(file, [&](std::string_view line, std::size_t number) {
    if (std::size_t const bad = find_invalid_utf8(line); bad != std::string_view::npos)
      throw error({errc::file_format, "is not UTF-8 at byte " + std::to_string(bad),
                   place(file, "line " + std::to_string(number)), "", "", ""});
    if (line.find_first_not_of(" \t") == std::string_view::npos) {
      ++out.empty;
    } else {
      out.lines.emplace_back(line);
    }
  });
  if (out.lines.empty())
    throw error({errc::file_format, "holds no text", place(file), std::to_string(out.empty) + " empty lines",
                 "lines of text", ""});
  return out;
}

/// One line `id<TAB>query<TAB>document` of a file. Lines count from 1.
struct text_pair {
  std::string id, query, document;
  std::size_t line = 0;
};

/// Reads lines `id<TAB>query<TAB>document`; lines as for_each_line. An empty line is an error: it would shift the
/// pairs.
/// Errors  errc::file_missing; errc::file_format naming the line: not two TABs, an empty part, an id given twice,
///         malformed UTF-8; also
///         for a file without lines; errc::capacity above max_data_bytes
[[nodiscard]] inline std::vector<text_pair> read_pairs(std::filesystem::path const& file) {
  std::vector<text_pair> data;
  std::set<std::string> ids;
  for_each_line(file, [&](std::string_view line, std::size_t number) {
    auto const fail = [&](std::string what) {
      return error({errc::file_format, std::move(what), place(file, "line " + std::to_string(number)),
                    line.empty() ? "nothing" : in_quotes(line), "id<TAB>query<TAB>document", ""});
    };
    if (std::size_t const bad = find_invalid_utf8(line); bad != std::string_view::npos)
      throw fail("is not UTF-8 at byte " + std::to_string(bad));
    std::size_t const first = line.find('\t'), second = first == line.npos ? line.npos : line.find('\t', first + 1);
    if (second == line.npos || line.find('\t', second + 1) != line.npos) throw fail("does not have two TABs");
    text_pair p{std::string(line.substr(0, first)), std::string(line.substr(first + 1, second - first - 1)),
                std::string(line.substr(second + 1)), number};
    for (auto const* part : {&p.id, &p.query, &p.document})
      if (part->find_first_not_of(' ') == std::string::npos) throw fail("has an empty part");
    if (!ids.insert(p.id).second) throw fail("has an id that was given before");
    data.push_back(std::move(p));
  });
  if (data.empty())
    throw error({errc::file_format, "holds no text", place(file), "0 lines", "id<TAB>query<TAB>document", ""});
  return data;
}

/// One line `source<TAB>target` of a file. Lines count from 1.
struct translation {
  std::string source, target;
  std::size_t line = 0;
};

/// Reads lines `source<TAB>target`; lines as for_each_line.
/// Errors  errc::file_missing; errc::file_format naming the line: not one TAB, an empty part, malformed UTF-8; also for a file without
///         lines; errc::capacity above max_data_bytes
[[nodiscard]] inline std::vector<translation> read_translations(std::filesystem::path const& file) {
  std::vector<translation> data;
  for_each_line(file, [&](std::string_view line, std::size_t number) {
    auto const fail = [&](std::string what) {
      return error({errc::file_format, std::move(what), place(file, "line " + std::to_string(number)),
                    line.empty() ? "nothing" : in_quotes(line), "source<TAB>target", ""});
    };
    if (std::size_t const bad = find_invalid_utf8(line); bad != std::string_view::npos)
      throw fail("is not UTF-8 at byte " + std::to_string(bad));
    std::size_t const tab = line.find('\t');
    if (tab == line.npos || line.find('\t', tab + 1) != line.npos) throw fail("does not have one TAB");
    translation t{std::string(line.substr(0, tab)), std::string(line.substr(tab + 1)), number};
    for (auto const* part : {&t.source, &t.target})
      if (part->find_first_not_of(' ') == std::string::npos) throw fail("has an empty part");
    data.push_back(std::move(t));
  });
  if (data.empty()) throw error({errc::file_format, "holds no text", place(file), "0 lines", "source<TAB>target", ""});
  return data;
}

/// Checks that every label is one of the model's classes.
/// Errors  errc::value naming the line
inline void check_labels(std::vector<labelled_text> const& data, std::size_t classes,
                         std::filesystem::path const& file) {
  for (labelled_text const& d : data) {
    if (d.label < classes) continue;
    throw error({errc::value, "label is no class of the model", place(file, "line " + std::to_string(d.line)),
                 std::to_string(d.label), "0 to " + std::to_string(classes == 0 ? 0 : classes - 1), ""});
  }
}

/// Fingerprint of a file's bytes, to name the data in a report. Not a proof against forgery.
/// Errors  errc::file_missing, errc::capacity
[[nodiscard]] inline std::uint64_t content_digest(std::filesystem::path const& file) {
  return fingerprint(std::string_view(read_whole(file, max_data_bytes)));
}

/// Texts that calibration and scored data have in common, each counted once.
struct data_overlap {
  std::size_t common = 0;
  std::size_t calibration = 0;  ///< different texts in the calibration data
  std::size_t scored = 0;       ///< different texts in the scored data
};

/// Refuses to calibrate on the scored data: the same file (by whatever path or link), or texts of
/// which one set holds the other. Other texts in common are counted, for the caller to report.
/// Errors  errc::data_leak naming both files
[[nodiscard]] inline data_overlap check_disjoint(std::filesystem::path const& calibration_file,
                                                 std::set<std::string_view> const& a,
                                                 std::filesystem::path const& scored_file,
                                                 std::set<std::string_view> const& b) {
  auto const leak = [&](char const* what) {
    return error({errc::data_leak, std::string("calibration data ") + what, place(calibration_file), "",
                  "texts that are not in " + place(scored_file), "calibrate on held-out data"});
  };
  std::error_code ec;
  if (std::filesystem::equivalent(calibration_file, scored_file, ec)) throw leak("is the scored file itself");
  if (a == b) throw leak("has the same texts as the scored file");
  data_overlap overlap{0, a.size(), b.size()};
  for (std::string_view const text : a) overlap.common += b.count(text);
  if (overlap.common == overlap.calibration) throw leak("is all in the scored file");
  if (overlap.common == overlap.scored) throw leak("holds every scored text");
  return overlap;
}

/// The same for labelled texts, in any order and with any labels.
[[nodiscard]] inline data_overlap check_disjoint(std::filesystem::path const& calibration_file,
                                                 std::vector<labelled_text> const& calibration,
                                                 std::filesystem::path const& scored_file,
                                                 std::vector<labelled_text> const& scored) {
  return check_disjoint(calibration_file, detail::distinct_texts(calibration), scored_file,
                        detail::distinct_texts(scored));
}

}  // namespace ohmic::inline OHMIC_ABI::model
