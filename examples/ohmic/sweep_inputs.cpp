#include "sweep_inputs.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/core.h>
#include <vector>

#include "ohmic/core/reflect.hpp"
#include "ohmic/model/speech_task.hpp"
#include "plugins.hpp"
#include "verify_stamp.hpp"

namespace program_cli {

using namespace ohmic;
namespace fs = std::filesystem;

namespace {

/// Words that may name files, as a command line would have them. Chip files are in the spec by their settings.
std::vector<std::string> words_of_spec(sweep_spec const& spec) {
  std::vector<std::string> words{"sweep", spec.model};
  words.insert(words.end(), spec.set.begin(), spec.set.end());
  for (auto const& c : spec.chips) words.insert(words.end(), c.request.set.begin(), c.request.set.end());
  for (auto const& d : spec.dimensions)
    for (auto const& v : d.values)
      if (double number = 0.0; d.unit.empty() && !field_format<double>::parse(v, number).empty()) words.push_back(v);
  words.erase(std::remove(words.begin() + 1, words.end(), std::string()), words.end());
  return words;
}

/// True for the files of a folder that points are made from: texts and results lie there too.
bool is_of_points(std::string const& leaf, sweep_spec const& spec) {
  if (spec.what == sweep_spec::kind::cost) return leaf == "config.json" || leaf == "model.json";
  if (leaf == "calib.tsv" || leaf == "calib.txt") return spec.calibration.empty();
  return may_be_read(leaf);
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
  auto const words = words_of_spec(spec);
  for (auto const& file : names_read(words)) {
    fs::path const path = file;
    auto const leaf = path.filename().string();
    bool const of_folder =
        std::any_of(words.begin() + 1, words.end(), [&](std::string const& w) { return fs::path(w) / leaf == path; });
    if (!of_folder || (is_of_points(leaf, spec) && !is_of_output(leaf, output))) add(file, path);
  }
  for (auto const& p : plugins()) add(p.file().filename().string(), p.file());
  return out;
}

}  // namespace program_cli
