#include "verify_stamp.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/core.h>
#include <fstream>
#include <map>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "command_words.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/speech_task.hpp"
#include "plugins.hpp"
#include "toml_file.hpp"

namespace program_cli {

using namespace ohmic;
namespace fs = std::filesystem;

namespace {

struct remembered_run {
  std::vector<std::string> words;
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
/// One file, by links or not; where one of them is not there yet, by the name that it would have.
bool is_same_file(std::string const& a, std::string const& b) {
  std::error_code ec;
  if (fs::equivalent(a, b, ec)) return true;
  auto const x = fs::weakly_canonical(fs::absolute(a, ec), ec);
  if (ec) return a == b;
  auto const y = fs::weakly_canonical(fs::absolute(b, ec), ec);
  return ec ? a == b : x == y;
}

/// True for names in a model's folder that a result may replace: none that a model is read from.
bool may_be_result(std::string const& leaf) {
  static constexpr std::string_view of_models[] = {"config.json",
                                                   "generation_config.json",
                                                   "model.json",
                                                   "vocab.json",
                                                   "tokenizer.json",
                                                   "tokenizer_config.json",
                                                   "special_tokens_map.json",
                                                   "added_tokens.json",
                                                   "golden.json",
                                                   "preprocessor_config.json"};
  if (leaf.ends_with(".index.json") ||
      std::find(std::begin(of_models), std::end(of_models), leaf) != std::end(of_models))
    return false;
  for (auto const* end : {".json", ".jsonl", ".csv", ".html", ".svg"})
    if (leaf.ends_with(end)) return true;
  return false;
}

/// What is kept of folders.
enum class folder_files {
  configuration,  ///< config.json alone, which is all that costs depend on
  all,            ///< but README and licence files, and what may be a result
  protected_ones  ///< all that no result may replace
};

folder_files kept_of_folders(std::vector<std::string> const& words) {
  return !words.empty() && words.front() == "cost" ? folder_files::configuration : folder_files::all;
}

/// Collects files by the names that they go by.
class file_collector {
 public:
  /// Of protected files names alone; of others digests, where they are asked for.
  explicit file_collector(folder_files kept, bool with_digests = true) : kept_(kept), with_digests_(with_digests) {}
  void whole(std::string const& text) { name(text); }
  /// A word, and its parts: key=FILE, A,B, PLUGIN:file=FILE;..
  void word(std::string const& text) {
    name(text);
    constexpr char const* between = ",=:;";
    if (text.find_first_of(between) == text.npos) return;
    for (std::size_t at = 0; at <= text.size();) {
      auto const end = std::min(text.find_first_of(between, at), text.size());
      name(text.substr(at, end - at));
      at = end + 1;
    }
  }
  void plugin(std::string const& name_or_path) {
    try {
      auto const path = find_plugin(name_or_path).string();
      file(path);
      if (auto const at = found_.find(path); at != found_.end()) at->second.is_plugin = true;
    } catch (error const&) {}  // where it is loaded, that is said better
  }
  [[nodiscard]] std::vector<input_file> files() const {
    std::vector<input_file> out;
    for (auto const& [path, f] : found_) out.push_back(f);
    return out;
  }

 private:
  void name(std::string const& text) {
    std::error_code ec;
    if (kept_ == folder_files::configuration && fs::is_directory(text, ec)) {
      auto const config = (fs::path(text) / "config.json").string();
      if (fs::is_regular_file(config, ec)) file(config);
      return;
    }
    if (text.empty() || text.size() > 4096) return;
    if (fs::is_regular_file(text, ec)) return file(text);
    if (!fs::is_directory(text, ec)) return;
    for (auto const& entry : fs::directory_iterator(text, ec)) {
      auto const leaf = entry.path().filename().string();
      if (entry.is_regular_file(ec) && is_kept(leaf)) file((fs::path(text) / leaf).string());
    }
  }
  [[nodiscard]] bool is_kept(std::string const& leaf) const {
    if (may_be_result(leaf)) return false;
    return kept_ == folder_files::protected_ones || (!leaf.ends_with(".md") && !leaf.starts_with("LICENSE"));
  }
  void file(std::string const& path) {
    if (!add(path)) return;
    if (path.ends_with(".toml"))
      texts_of(path);
    else
      for (auto const& clip : model::clips_there(path)) add(clip.string());
  }
  /// False if it is there already.
  bool add(std::string const& path) {
    if (found_.count(path) != 0) return false;
    found_[path] = kept_ == folder_files::protected_ones ? input_file{path, 0, ""}
                                                         : input_file{path, model::regular_file_size(path),
                                                                      with_digests_ ? digest_of(path) : std::string()};
    return true;
  }
  /// Files that a TOML file names. What is wrong with it is said where it is read.
  void texts_of(std::string const& path) {
    try {
      auto const root = read_toml(path);
      texts(root, fs::path(path).parent_path());
    } catch (error const&) {}
  }
  void texts(toml::table const& table, fs::path const& folder) {
    for (auto const& [key, node] : table) visit(node, folder, key.str() == "plugin");
  }
  void visit(toml::node const& node, fs::path const& folder, bool of_plugins) {
    if (node.is_string() && !of_plugins) word(node.as_string()->get());
    if (node.is_string() && of_plugins) {
      fs::path const file = node.as_string()->get();
      plugin(file.has_parent_path() ? (fs::current_path() / folder / file).string() : file.string());
    }
    if (node.is_array())
      for (auto const& item : *node.as_array()) visit(item, folder, of_plugins);
    if (node.is_table())
      for (auto const& [key, item] : *node.as_table()) visit(item, folder, of_plugins);
  }

  folder_files kept_;
  bool with_digests_;
  std::map<std::string, input_file> found_;
};

/// A word of the command, a file or the files of a folder by their content.
std::string by_content(std::string const& word, std::vector<std::string> const& words) {
  std::error_code ec;
  if (word.empty() || word.size() > 4096 || !(fs::is_regular_file(word, ec) || fs::is_directory(word, ec))) return word;
  file_collector files(kept_of_folders(words));
  files.whole(word);
  std::string out;
  for (auto const& f : files.files()) out += f.digest + " ";
  return out;
}

}  // namespace

std::string digest_of(std::string const& file) {
  std::ifstream in = model::open_binary(file);
  std::uint64_t hash = fingerprint(std::string_view());
  std::vector<char> chunk(std::size_t{1} << 16);
  while (in.read(chunk.data(), static_cast<std::streamsize>(chunk.size())), in.gcount() > 0)
    hash = fingerprint(std::string_view(chunk.data(), static_cast<std::size_t>(in.gcount())), hash);
  return fmt::format("{:016x}", hash);
}

namespace {

file_collector collected(std::vector<std::string> const& words, folder_files kept, bool with_digests = true) {
  file_collector files(kept, with_digests);
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "--plugin" && i + 1 < words.size()) {
      files.plugin(words[++i]);
    } else if (words[i] == "--prices" && i + 1 < words.size()) {
      files.word(words[++i]);
      if (auto const colon = words[i].find(':'); colon != std::string::npos) files.plugin(words[i].substr(0, colon));
    } else if (names_output(words[i]) || names_text(words[i]) || names_circumstance(words[i])) {
      ++i;
    } else if (words.front() == "plugin" && i == 2) {
      files.plugin(words[i]);
    } else if (!words[i].starts_with("--") && !(i == 1 && (words[i] == "merge" || words[i] == "check"))) {
      files.word(words[i]);
    }
  }
  return files;
}

/// Names of what is no file, or is written to and never replaced, are free to be given twice.
bool is_stream(std::string const& file) {
  std::error_code ec;
  return fs::exists(file, ec) && !fs::is_regular_file(file, ec) && !fs::is_directory(file, ec);
}

error named_twice(std::string const& option, std::string const& file, std::string const& other) {
  return error({errc::config_conflict, "file named twice", option, file + ", which " + other,
                "a name of its own for every file", "name another file"});
}

}  // namespace

std::vector<input_file> inputs_of(std::vector<std::string> const& words) {
  return collected(words, kept_of_folders(words)).files();
}

std::vector<std::string> names_read(std::vector<std::string> const& words) {
  std::vector<std::string> out;
  for (auto& f : collected(words, folder_files::protected_ones).files()) out.push_back(std::move(f.path));
  return out;
}

void check_apart(std::string const& option, std::string const& file, std::vector<std::string> const& read) {
  if (file.empty() || file == "-" || is_stream(file)) return;
  for (auto const& input : read)
    if (is_same_file(file, input)) throw named_twice(option, file, "is read as " + input);
}

void check_apart(std::vector<std::string> const& words) {
  auto const outputs = outputs_of(words);
  if (outputs.empty()) return;
  for (auto const& o : outputs)
    if (o.value.empty())
      throw error({errc::config_value, "names no file", o.option, "''", "a file name", "name a file, or leave it out"});
  auto const read = names_read(words);
  std::vector<std::pair<std::string, std::string>> taken;  // a file, and the option that writes it
  for (auto const& o : outputs)
    for (auto const& file : files_of(o)) {
      check_apart(o.option, file, read);
      for (auto const& [other, writer] : taken)
        if (is_same_file(file, other) && !is_stream(file)) throw named_twice(o.option, file, writer + " writes");
      taken.emplace_back(file, o.option);
    }
}

void remember_run(std::vector<std::string> words) {
  auto& run = this_run();
  run.files = collected(words, kept_of_folders(words), false).files();
  run.written.clear();
  for (auto const& f : run.files) run.written.push_back(written_at(f.path));
  run.words = std::move(words);
}

json stamped(json result) {
  auto& [words, files, written] = this_run();
  if (words.empty()) return result;
  // Only now: what the command refuses, whatever its size, is never read as a whole.
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!files[i].digest.empty()) continue;
    std::error_code ec;
    bool const same =
        fs::file_size(files[i].path, ec) == files[i].bytes && !ec && written_at(files[i].path) == written[i];
    files[i].digest = same ? digest_of(files[i].path) : "changed during the run";
  }
  std::uint64_t hash = fingerprint(result.value("version", std::string()));
  auto const add = [&](std::string const& text) { hash = fingerprint("\n" + text, hash); };
  // What decides the numbers, however it was spelt and whatever files are called.
  for (char const* key : {"command", "seed", "model", "chip", "base", "config", "settings", "curve", "task", "tokens",
                          "decode", "batch", "n", "prompt", "temperature", "only", "vectors"})
    if (result.contains(key) && !(result[key].is_object() && result[key].contains("path")))
      add(std::string(key) + "=" + result[key].dump(-1, ' ', true, json::error_handler_t::replace));
  if (result.contains("chips") && result["chips"].is_array())
    for (auto const& chip : result["chips"])
      if (chip.is_object() && chip.contains("config")) add(chip["config"].dump());
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (names_output(words[i]) || names_circumstance(words[i])) {
      ++i;
    } else if (words[i] != "--quiet" && words[i] != "--no-plugins") {
      add(by_content(words[i], words));
    }
  }
  std::multiset<std::string> contents;
  for (auto const& f : files) contents.insert(f.digest);
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
