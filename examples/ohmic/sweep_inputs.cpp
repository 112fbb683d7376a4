#include "sweep_inputs.hpp"

#include <filesystem>
#include <fmt/core.h>
#include <set>
#include <string>
#include <vector>

#include "input_files.hpp"
#include "ohmic/model/speech_task.hpp"
#include "plugins.hpp"

namespace program_cli {

using namespace ohmic;
namespace fs = std::filesystem;

namespace {

/// The spec as a command line would have it that names its files. Chip files are in it by their settings.
std::vector<std::string> words_of_spec(sweep_spec const& spec) {
  std::vector<std::string> words{"sweep", spec.model};
  auto const set = [&](std::string const& assignment) { words.insert(words.end(), {"--set", assignment}); };
  for (auto const& s : spec.set) set(s);
  for (auto const& c : spec.chips)
    for (auto const& s : c.request.set) set(s);
  for (auto const& d : spec.dimensions)
    for (auto const& v : d.values) set(d.key + "=" + v);
  return words;
}

/// True for the files of a folder that points are made from: texts and results lie there too.
bool is_of_points(std::string const& leaf, std::set<std::string> const& weights, sweep_spec const& spec) {
  if (spec.what == sweep_spec::kind::cost) return leaf == "config.json" || leaf == "model.json";
  if (leaf == "calib.tsv" || leaf == "calib.txt") return spec.calibration.empty();
  return may_be_read(leaf) || weights.contains(leaf);
}

bool is_of_output(std::string const& leaf, std::string const& output) {
  auto const name = fs::path(output).filename().string();
  return leaf == name || leaf == name + "-wal" || leaf == name + "-shm" || leaf == name + ".lock";
}

}  // namespace

json sweep_identity(sweep_spec const& spec, std::string const& output) {
  json out = spec.identity();
  auto const add = [&](std::string const& name, fs::path const& file) {
    out["file." + name] = fmt::format("{:016x}", model::data_digest(file));
  };
  auto const weights = weights_named_in(spec.model);
  for (auto const& file : names_read(words_of_spec(spec))) {
    fs::path const path = file;
    auto const leaf = path.filename().string();
    bool const of_folder = !spec.model.empty() && fs::path(spec.model) / leaf == path;
    if (!of_folder || (is_of_points(leaf, weights, spec) && !is_of_output(leaf, output))) add(file, path);
  }
  for (auto const& p : plugins()) add(p.file().filename().string(), p.file());
  return out;
}

}  // namespace program_cli
