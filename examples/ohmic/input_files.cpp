#include "input_files.hpp"

#include <algorithm>
#include <fmt/core.h>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <system_error>

#include "json_output.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/speech_task.hpp"
#include "plugins.hpp"
#include "shallow_json.hpp"
#include "toml_file.hpp"

namespace program_cli {

using namespace ohmic;
namespace fs = std::filesystem;

namespace {

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

std::set<std::string> weights_named_in(fs::path const& folder) {
  constexpr std::uint64_t longest = std::uint64_t{64} << 20;
  std::set<std::string> out;
  auto const add = [&](json const& name) {
    if (name.is_string() && model::is_plain_name(name.get<std::string>())) out.insert(name.get<std::string>());
  };
  auto const read = [&](std::string const& leaf) {
    std::error_code ec;
    if (!fs::is_regular_file(folder / leaf, ec)) return json();
    try {
      return parse_shallow<json>(model::read_whole(folder / leaf, longest));
    } catch (error const&) {}  // where it is read for its weights, that is said better
    return json();
  };
  if (auto const index = read("model.safetensors.index.json"); index.is_object() && index.contains("weight_map"))
    for (auto const& name : index["weight_map"]) add(name);
  if (auto const tfjs = read("model.json"); tfjs.is_object() && tfjs.contains("weightsManifest"))
    for (auto const& group : tfjs["weightsManifest"])
      if (group.is_object() && group.contains("paths"))
        for (auto const& name : group["paths"]) add(name);
  return out;
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

bool is_of_chips(std::string const& option) { return option == "--chip" || option == "--compare"; }

bool is_there(std::string const& name) {
  constexpr std::size_t longest = 4096;
  std::error_code ec;
  return !name.empty() && name.size() <= longest && (fs::is_regular_file(name, ec) || fs::is_directory(name, ec));
}

/// Where names may begin and end in a value that has several: key=FILE, A,B, PLUGIN:file=FILE;..
std::vector<std::size_t> ends_of_names(std::string const& text) {
  constexpr std::size_t most = 1 << 16;
  std::vector<std::size_t> out;
  for (std::size_t at = 0; (at = text.find_first_of(",=:;", at)) != text.npos && out.size() < most; ++at)
    out.push_back(at);
  out.push_back(text.size());
  return out;
}

/// Of a name that begins behind an end, the last end that is tried: names have few separators, but a value may be one as a whole.
std::size_t last_end(std::vector<std::size_t> const& ends, std::size_t from) {
  constexpr std::size_t in_a_name = 8, in_a_value = 64;
  return std::min(from + (from == 0 ? in_a_value : in_a_name), ends.size() - 1);
}

/// The part of an option's value that names files, alone or among other words: all of it but for settings, of which two have such.
std::string named_by(given_option const& o) {
  if (names_output(o.option) || names_no_file(o.option)) return {};
  if (o.option != "--set" && o.option != "--vary") return o.value;
  auto const [key, value] = setting_of(o.value);
  bool const names = key.ends_with("cell.states") || key.ends_with("cell.parameters");
  return names ? value : std::string();
}

/// True where the value is a list of names, or names stand in it among other words. Separators may be part of a name too.
bool names_several(std::string const& option) {
  return option == "--set" || option == "--vary" || option == "--prices" || option == "--parameters" ||
         is_of_chips(option);
}

/// Collects files by the names that they go by.
class file_collector {
 public:
  /// Of protected files names alone; of others digests, where they are asked for.
  explicit file_collector(folder_files kept, bool with_digests = true) : kept_(kept), with_digests_(with_digests) {}
  void whole(std::string const& text) { name(text); }
  /// All names that a value may have.
  void word(std::string const& text) {
    name(text);
    auto const ends = ends_of_names(text);
    for (std::size_t from = 0, begin = 0; from < ends.size(); begin = ends[from++] + 1)
      for (std::size_t to = from; to <= last_end(ends, from); ++to) name(text.substr(begin, ends[to] - begin));
  }
  void of_option(given_option const& o) {
    auto const text = named_by(o);
    if (text.empty()) return;
    if (o.option == "--plugin") return plugin(text);
    if (is_of_chips(o.option)) {
      std::istringstream chips(text);
      for (std::string chip; std::getline(chips, chip, ',');)
        if (chip.ends_with(".toml")) name(chip);
      return;
    }
    if (names_several(o.option))
      word(text);
    else
      name(text);
    if (auto const colon = text.find(':'); o.option == "--prices" && colon != text.npos) plugin(text.substr(0, colon));
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
      std::error_code ec;
      if (!fs::is_regular_file(path, ec)) return;  // to open a pipe would wait for its other end
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
    if (kept_ == folder_files::configuration && is_there(text) && fs::is_directory(text, ec)) {
      auto const config = (fs::path(text) / "config.json").string();
      if (fs::is_regular_file(config, ec)) file(config);
      return;
    }
    if (!is_there(text)) return;
    if (fs::is_regular_file(text, ec)) return file(text);
    auto const weights = weights_named_in(text);
    for (auto const& entry : fs::directory_iterator(text, ec)) {
      auto const leaf = entry.path().filename().string();
      if (entry.is_regular_file(ec) && (is_kept(leaf) || weights.contains(leaf)))
        file((fs::path(text) / leaf).string());
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

file_collector collected(std::vector<std::string> const& words, folder_files kept, bool with_digests = false) {
  file_collector files(kept, with_digests);
  auto const plain = without_options(words);
  if (!plain.empty() && plain[0] == "plugin") {
    if (plain.size() > 2) files.plugin(plain[2]);
  } else if (!plain.empty() && plain[0] == "list") {
    if (plain.size() > 1 && plain[1] == "plugins") files.plugins_of_path();
  } else {
    for (std::size_t i = plain.size() > 1 && plain[1] == "merge" ? 2 : 1; i < plain.size(); ++i) files.whole(plain[i]);
  }
  for (auto const& o : options_of(words)) files.of_option(o);
  return files;
}

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

}  // namespace

std::vector<input_file> inputs_of(std::vector<std::string> const& words, bool with_digests) {
  return collected(words, kept_of_folders(words), with_digests).files();
}

std::vector<std::string> names_read(std::vector<std::string> const& words) {
  std::vector<std::string> out;
  for (auto& f : collected(words, folder_files::protected_ones).files()) out.push_back(std::move(f.path));
  return out;
}

std::string by_content(given_option const& o, std::vector<std::string> const& words, digests_by_path const& digests) {
  auto const kept = kept_of_folders(words);
  auto const text = named_by(o);
  if (text.empty()) return o.value;
  std::string const before = o.value.substr(0, o.value.size() - text.size());
  auto const plugin_of = [&](std::string const& name) {
    file_collector plugin(kept, false);
    plugin.plugin(name);
    std::string out;
    for (auto const& f : plugin.files())
      if (auto const digest = digests.find(f.path); digest != digests.end()) out += digest->second + " ";
    return out.empty() ? name : out;
  };
  if (o.option == "--plugin") return plugin_of(text);
  if (!names_several(o.option)) return before + by_content(text, kept, digests);
  auto const ends = ends_of_names(text);
  std::string out = before;
  for (std::size_t from = 0, begin = 0; from < ends.size(); begin = ends[from++] + 1) {
    std::size_t to =
        last_end(ends, from);  // the longest name that is there, as a file with separators in its name is meant
    while (to > from && !is_there(text.substr(begin, ends[to] - begin))) --to;
    auto const name = text.substr(begin, ends[to] - begin);
    if (o.option == "--prices" && from == 0 && ends[to] < text.size())
      out += plugin_of(name);
    else
      out += is_of_chips(o.option) && !name.ends_with(".toml") ? name : by_content(name, kept, digests);
    if (ends[to] < text.size()) out += text[ends[to]];
    from = to;
  }
  return out;
}

}  // namespace program_cli
