#include "verify_record.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "command_words.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/printable.hpp"
#include "ohmic/model/file.hpp"
#include "shallow_json.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

constexpr char const* what_is_allowed = "what ohmic wrote with --json";

/// Values of a result, by names that lead there.
class result_reader {
 public:
  result_reader(json const& from, std::string file) : from_(&from), file_(std::move(file)) {}

  /// Errors  file_format where it is not there, or is of another kind
  [[nodiscard]] json const& at(std::string const& path, json::value_t kind) const {
    json const* j = from_;
    for (std::size_t begin = 0, end = 0; begin <= path.size(); begin = end + 1) {
      if (!j->is_object())
        throw broken(path.substr(0, begin == 0 ? 0 : begin - 1), j->type_name(), json::value_t::object);
      end = std::min(path.find('.', begin), path.size());
      auto const found = j->find(path.substr(begin, end - begin));
      if (found == j->end())
        throw broken(path.substr(0, end), "nothing", end == path.size() ? kind : json::value_t::object);
      j = &*found;
    }
    if (j->type() != kind) throw broken(path, j->type_name(), kind);
    return *j;
  }
  [[nodiscard]] std::string text(std::string const& path) const {
    return at(path, json::value_t::string).get<std::string>();
  }
  [[nodiscard]] error broken(std::string const& path, std::string const& got, json::value_t kind) const {
    return error({errc::file_format, "is no result that can be verified",
                  path.empty() ? model::place(file_) : model::place(file_, "key '" + path + "'"), got,
                  std::string(json(kind).type_name()) + ", " + what_is_allowed, "run the command again"});
  }

 private:
  json const* from_;
  std::string file_;
};

}  // namespace

recorded_run read_recorded(std::string const& file) {
  constexpr std::size_t shown = 40;
  auto const text = model::read_whole(file, max_result_bytes);
  recorded_run r;
  r.result = parse_shallow<json>(text);
  if (r.result.is_discarded())
    throw error({errc::file_format, "is no whole JSON, or nested too deep", model::place(file),
                 in_quotes(std::string_view(text).substr(0, shown)) + (text.size() > shown ? " .." : ""),
                 what_is_allowed, "run the command again"});
  result_reader const from(r.result, file);
  static_cast<void>(from.text("command"));
  static_cast<void>(from.at("stamp.files", json::value_t::array));
  for (auto const& word : from.at("run.arguments", json::value_t::array)) {
    if (!word.is_string()) throw from.broken("run.arguments", word.type_name(), json::value_t::string);
    r.words.push_back(word.get<std::string>());
    if (r.words.back().find('\0') != std::string::npos)
      throw from.broken("run.arguments", in_quotes(r.words.back()), json::value_t::string);
  }
  auto const is_command = [&] {
    return !r.words.empty() && r.words.front() != "verify" && !r.words.front().starts_with("-");
  };
  std::string const where = model::place(file, "key 'run.arguments'");
  if (is_command()) {
    try {
      r.words = as_taken(r.words);  // a stranger may have written them in another way
    } catch (error const& e) {
      auto const& why = e.info();
      throw error({errc::file_format, "is no result that can be verified", where,
                   (why.got.empty() ? "" : why.got + ": ") + (why.where.empty() ? "" : why.where + " ") + why.what,
                   "words that ohmic takes", ""});
    }
  }
  if (!is_command())
    throw error({errc::file_format, "is no result that can be verified", where,
                 r.words.empty() ? "no word" : in_quotes(r.words.front()), "a command that writes results", ""});
  r.folder = from.text("run.folder");
  if (r.words.front() == "sweep") r.output = from.text("output");
  return r;
}

}  // namespace program_cli
