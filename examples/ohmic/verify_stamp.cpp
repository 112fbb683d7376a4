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
#include "terminal.hpp"
#include "toml_file.hpp"

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
  for (auto const* end : {".json", ".jsonl", ".csv", ".html", ".svg", ".sqlite"})
    if (leaf.ends_with(end)) return true;
  return false;
}

}  // namespace

bool may_be_read(std::string const& leaf) {
  if (leaf.ends_with(".json")) return !may_be_result(leaf) && leaf != "golden.json";
  static constexpr std::string_view texts[] = {"vocab.txt", "vocabulary.txt", "calib.txt", "calib.tsv"};
  if (std::find(std::begin(texts), std::end(texts), leaf) != std::end(texts)) return true;
  for (auto const* end : {".safetensors", ".onnx", ".model", ".bin"})
    if (leaf.ends_with(end)) return true;
  return leaf.find("shard") != leaf.npos;  // of tfjs
}

namespace {

/// What is kept of folders.
enum class folder_files {
  configuration,  ///< config.json alone, which is all that costs depend on
  all,            ///< that a model may be read from
  protected_ones  ///< all that no result may replace
};

folder_files kept_of_folders(std::vector<std::string> const& words) {
  return !words.empty() && words.front() == "cost" ? folder_files::configuration : folder_files::all;
}

/// Characters that may part names of files in a value.
constexpr char const* between_names = ",=:;";

/// Collects files by the names that they go by.
class file_collector {
 public:
  /// Of protected files names alone; of others digests, where they are asked for.
  explicit file_collector(folder_files kept, bool with_digests = true) : kept_(kept), with_digests_(with_digests) {}
  void whole(std::string const& text) { name(text); }
  /// A word, and its parts: key=FILE, A,B, PLUGIN:file=FILE;..
  void word(std::string const& text) {
    name(text);
    if (text.find_first_of(between_names) == text.npos) return;
    for (std::size_t at = 0; at <= text.size();) {
      auto const end = std::min(text.find_first_of(between_names, at), text.size());
      name(text.substr(at, end - at));
      at = end + 1;
    }
  }
  void of_option(given_option const& o) {
    if (o.value.empty() || names_output(o.option) || names_no_file(o.option)) return;
    if (o.option == "--plugin") return plugin(o.value);
    word(o.value);
    if (auto const colon = o.value.find(':'); o.option == "--prices" && colon != o.value.npos)
      plugin(o.value.substr(0, colon));
  }
  /// Those that `list plugins` loads.
  void plugins_of_path() {
    try {
      for (auto const& file : plugin_files()) plugin(file.string());
    } catch (error const&) {}  // where they are loaded, that is said better
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
    return kept_ == folder_files::protected_ones ? !may_be_result(leaf) : may_be_read(leaf);
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
  auto const plain = without_options(words);
  if (!plain.empty() && plain[0] == "plugin") {
    if (plain.size() > 2) files.plugin(plain[2]);
  } else if (!plain.empty() && plain[0] == "list") {
    if (plain.size() > 1 && plain[1] == "plugins") files.plugins_of_path();
  } else {
    for (std::size_t i = plain.size() > 1 && plain[1] == "merge" ? 2 : 1; i < plain.size(); ++i) files.word(plain[i]);
  }
  for (auto const& o : options_of(words)) files.of_option(o);
  return files;
}

using digests_by_path = std::map<std::string, std::string>;

/// What a name stands for: the content of its files, those that it leads to with their own names; a name of no file is itself.
std::string by_content(std::string const& name, folder_files kept, digests_by_path const& digests) {
  file_collector files(kept, false);
  files.whole(name);
  std::string root, others;
  for (auto const& f : files.files()) {
    auto const digest = digests.find(f.path);
    std::string const content = digest == digests.end() ? f.path : digest->second;
    if (f.path == name)
      root = content;
    else
      others += " " + fs::path(f.path).filename().string() + " " + content;
  }
  return root.empty() && others.empty() ? name : "(" + root + others + ")";
}

/// The value of an option with its files by their content.
std::string by_content(given_option const& o, folder_files kept, digests_by_path const& digests) {
  if (names_no_file(o.option)) return o.value;
  std::string out;
  if (o.option == "--plugin" || o.option == "--prices") {
    file_collector plugin(kept, false);
    plugin.plugin(o.value.substr(0, o.option == "--prices" ? o.value.find(':') : o.value.npos));
    for (auto const& f : plugin.files())
      if (auto const digest = digests.find(f.path); digest != digests.end()) out += digest->second + " ";
    if (o.option == "--plugin" && !out.empty()) return out;
  }
  auto const whole = by_content(o.value, kept, digests);
  if (whole != o.value || o.value.find_first_of(between_names) == o.value.npos) return out + whole;
  bool is_first = !out.empty();  // and was the plugin
  for (std::size_t at = 0; at <= o.value.size();) {
    auto const end = std::min(o.value.find_first_of(between_names, at), o.value.size());
    if (!is_first) out += by_content(o.value.substr(at, end - at), kept, digests);
    if (end < o.value.size()) out += o.value[end];
    is_first = false;
    at = end + 1;
  }
  return out;
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

void remember_run(std::vector<std::string> words, std::vector<given_option> deciding) {
  auto& run = this_run();
  run.files = collected(words, kept_of_folders(words), false).files();
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
  for (char const* key : {"command", "seed", "model", "chip", "base", "config", "settings", "curve", "task", "tokens",
                          "decode", "batch", "n", "prompt", "temperature", "only", "vectors"})
    if (result.contains(key) && !(result[key].is_object() && result[key].contains("path")))
      add(std::string(key) + "=" + result[key].dump(-1, ' ', true, json::error_handler_t::replace));
  if (result.contains("chips") && result["chips"].is_array())
    for (auto const& chip : result["chips"])
      if (chip.is_object() && chip.contains("config")) add(chip["config"].dump());
  digests_by_path digests;
  for (auto const& f : files) digests[f.path] = f.digest;
  for (auto const& o : deciding) add(o.option + "=" + by_content(o, kept_of_folders(words), digests));
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
