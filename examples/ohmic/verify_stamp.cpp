#include "verify_stamp.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/core.h>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "input_files.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/printable.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/utf8.hpp"
#include "ohmic/model/file.hpp"
#include "terminal.hpp"

namespace program_cli {

using namespace ohmic;
namespace fs = std::filesystem;

namespace {

struct remembered_run {
  std::vector<std::string> words;
  std::vector<given_option> deciding;
  std::vector<input_file> files;
  std::vector<fs::file_time_type> written;  ///< of each file
};
remembered_run& this_run() {
  static remembered_run run;
  return run;
}

fs::file_time_type written_at(std::string const& file) {
  std::error_code ec;
  return fs::last_write_time(file, ec);
}

/// What --set says, in the order of the keys: of one key the last counts.
std::map<std::string, std::string> settings_given(std::vector<given_option> const& deciding) {
  std::map<std::string, std::string> out;
  for (auto const& o : deciding)
    if (o.option == "--set") {
      auto const [key, value] = setting_of(o.value);
      out[key] = value;
    }
  return out;
}

/// True where the settings that a result says have the key: the hash is of these. Chips that it is compared with say none.
bool is_configured(json const& result, std::string const& key) {
  if (result.contains("compare")) return false;
  for (char const* group : {"config", "function"})
    if (auto const c = result.find(group); c != result.end() && c->is_object() && c->contains(key)) return true;
  auto const chips = result.find("chips");
  if (chips == result.end() || !chips->is_array() || chips->empty()) return false;
  return std::all_of(chips->begin(), chips->end(), [&](json const& chip) {
    return chip.is_object() && chip.contains("config") && chip["config"].contains(key);
  });
}

}  // namespace

void remember_run(std::vector<std::string> words, std::vector<given_option> deciding) {
  auto const spoilt = std::find_if(words.begin(), words.end(),
                                   [](std::string const& w) { return find_invalid_utf8(w) != std::string::npos; });
  bool const kept = value_at(words, "--json") < words.size() || words.front() == "calibrate";
  if (kept && spoilt != words.end())
    throw error({errc::config_value, "is not UTF-8, and a result could not say what it was made from", "command line",
                 in_quotes(*spoilt), "words in UTF-8", "rename the file, or leave --json out"});
  auto& run = this_run();
  run.files = inputs_of(words, false);
  run.written.clear();
  for (auto const& f : run.files) run.written.push_back(written_at(f.path));
  run.words = std::move(words);
  run.deciding = std::move(deciding);
}

json stamped(json result) {
  auto& [words, deciding, files, written] = this_run();
  if (words.empty()) return result;
  // Only now: what the command refuses, whatever its size, is never read as a whole.
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!files[i].digest.empty()) continue;
    std::error_code ec;
    bool const same =
        fs::file_size(files[i].path, ec) == files[i].bytes && !ec && written_at(files[i].path) == written[i];
    files[i].digest = same ? digest_of(files[i].path) : "changed during the run";
    if (!same)
      say(stderr, "ohmic: {} changed during the run; the result may be of neither content\n",
          model::place(files[i].path));
  }
  std::uint64_t hash = fingerprint(result.value("version", std::string()));
  auto const add = [&](std::string const& text) { hash = fingerprint("\n" + text, hash); };
  // What decides the numbers, however it was spelt and whatever files are called.
  for (char const* key : {"command", "seed", "model", "chip", "base", "config", "function", "curve", "task", "tokens",
                          "decode", "batch", "n", "prompt", "temperature", "only", "vectors"})
    if (result.contains(key) && !(result[key].is_object() && result[key].contains("path")))
      add(std::string(key) + "=" + result[key].dump(-1, ' ', true, json::error_handler_t::replace));
  if (result.contains("chips") && result["chips"].is_array())
    for (auto const& chip : result["chips"])
      if (chip.is_object() && chip.contains("config")) add(chip["config"].dump());
  digests_by_path digests;
  for (auto const& f : files) digests[f.path] = f.digest;
  // Of the parts of a sweep their points: how these lie on the disk depends on threads, and the order of the parts is nothing.
  bool const merges = words.size() > 1 && words[0] == "sweep" && words[1] == "merge";
  if (merges) add("points=" + result.value("points", json()).dump());
  for (auto const& o : deciding)
    if (o.option != "--set" && (!merges || o.option.starts_with("--")))
      add(o.option + "=" + by_content(o, words, digests));
  for (auto const& [key, value] : settings_given(deciding)) {
    given_option const set{"--set", key + "=" + value, 0};
    auto const content = by_content(set, words, digests);
    if (content != set.value || !is_configured(result, key)) add("--set=" + content);
  }
  std::multiset<std::string> contents;
  for (auto const& f : files)
    if (!merges || f.is_plugin) contents.insert(f.digest);
  for (auto const& c : contents) add(c);

  json stamp = {{"hash", fmt::format("{:016x}", hash)}, {"files", json::array()}, {"outputs", json::array()}};
  for (auto const& f : files) stamp["files"].push_back({{"path", f.path}, {"bytes", f.bytes}, {"digest", f.digest}});
  // Numbers beside the result; pages, charts and files of sweeps say when they were made.
  bool const binary = words.front() == "mvm" || words.front() == "solve";
  for (auto const& o : outputs_of(words)) {
    static constexpr std::string_view kept[] = {
        "--save", "--save-conductances", "--effective", "--netlist", "--save-prices", "--csv", "--jsonl"};
    bool const is_kept = std::find(std::begin(kept), std::end(kept), o.option) != std::end(kept);
    std::error_code ec;
    if (o.option == "--nodes")
      for (auto const& file : files_of(o))
        if (fs::is_regular_file(file, ec))
          stamp["outputs"].push_back(
              {{"option", o.option}, {"part", file.substr(o.value.size())}, {"digest", digest_of(file)}});
    if ((is_kept || (binary && o.option == "--output")) && fs::is_regular_file(o.value, ec))
      stamp["outputs"].push_back({{"option", o.option}, {"digest", digest_of(o.value)}});
  }
  result["stamp"] = std::move(stamp);
  if (result.contains("run") && result["run"].is_object()) {
    std::error_code ec;
    result["run"]["arguments"] = words;
    result["run"]["folder"] = fs::current_path(ec).string();
  }
  return result;
}

}  // namespace program_cli
