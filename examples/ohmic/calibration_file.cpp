#include "calibration_file.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/core.h>
#include <system_error>

#include "ohmic/core/reflect.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/import/json.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

using kept_json = nlohmann::json;

error broken(std::filesystem::path const& file, std::string const& key, std::string const& allowed) {
  return error({errc::file_format, "is not a calibration", model::place(file, "key '" + key + "'"), "", allowed,
                "write it with: ohmic calibrate --output"});
}

std::vector<std::string> lines_of(std::string const& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t const end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

/// Far beyond what any model or array gives, and far from where sums of floats end.
constexpr double largest_kept = 1e30;

float number_at(kept_json const& v, std::filesystem::path const& file, std::string const& key) {
  if (!v.is_number()) throw broken(file, key, "numbers");
  double const d = v.get<double>();
  if (!(std::fabs(d) <= largest_kept)) throw broken(file, key, "numbers up to 1e30");
  return static_cast<float>(d);
}

/// A range or scale that a calibration found: never 0, which would divide by zero or stand for a converter without
/// range.
float positive_at(kept_json const& v, std::filesystem::path const& file, std::string const& key) {
  float const f = number_at(v, file, key);
  if (!(f > 0.0f))
    throw error({errc::config_value, "range is not above 0", model::place(file, "key '" + key + "'"), v.dump(),
                 "a number above 0", "calibrate again"});
  if (f < 1.0 / largest_kept) throw broken(file, key, "numbers of 1e-30 and more");
  return f;
}

/// The largest value of a site: 0 where it has none, or none but 0.
float largest_at(kept_json const& v, std::filesystem::path const& file, std::string const& key) {
  return v.is_number() && v.get<double>() == 0.0 ? 0.0f : positive_at(v, file, key);
}

/// Errors  missing_entry: a site that is left out would be taken for one without values, and its codes would be wrong
void require_sites(kept_json const& largest, program::site_names const& names, std::filesystem::path const& file) {
  for (std::size_t i = 0; i < names.sites(); ++i)
    if (auto const name = names.name(i); !largest.contains(name))
      throw error({errc::missing_entry, "is missing", model::place(file, "key " + in_quotes("chips.largest." + name)),
                   "", "every site of the model", "calibrate again"});
}

/// Errors  file_format for a file that ohmic calibrate did not write, or another version of it
void require_header(model::json_file const& root, std::filesystem::path const& file) {
  auto const* const schema = root.find("schema");
  if (schema == nullptr || *schema != 1) throw broken(file, "schema", "1");
  auto const* const command = root.find("command");
  if (command == nullptr || *command != "calibrate") throw broken(file, "command", "'calibrate'");
}

/// Digests of the calibration texts, sorted; without them nobody could tell whether scored texts are among them.
std::vector<std::string> digests_of(model::json_file const& root, std::filesystem::path const& file) {
  auto const* const list = root.find("text_digests");
  if (list == nullptr || !list->is_array() || list->empty())
    throw broken(file, "text_digests", "a list of the digests of its texts, at least one");
  std::vector<std::string> digests;
  for (auto const& d : *list) {
    digests.push_back(d.is_string() ? d.get<std::string>() : std::string());
    if (digests.back().size() != 16 || digests.back().find_first_not_of("0123456789abcdef") != std::string::npos)
      throw broken(file, "text_digests", "digests of 16 hexadecimal digits");
  }
  std::sort(digests.begin(), digests.end());
  return digests;
}

/// Number of a block, as it is written: "1", not "01" or "1x".
std::size_t block_at(std::string const& key, std::size_t blocks, std::filesystem::path const& file) {
  std::size_t b = 0;
  auto const [end, status] = std::from_chars(key.data(), key.data() + key.size(), b);
  if (status != std::errc{} || end != key.data() + key.size() || b >= blocks || std::to_string(b) != key)
    throw broken(file, "softmax_full_scale." + printable(key),
                 "blocks of the model, 0 to " + std::to_string(blocks - 1));
  return b;
}

/// What it was made from, as results repeat it.
json data_of(model::json_file const& root, std::filesystem::path const& file) {
  auto const* const data = root.find("data");
  if (data == nullptr) return {};
  auto const is = [&](char const* key, bool (*type)(kept_json const&)) {
    return !data->contains(key) || type(data->at(key));
  };
  auto const text = [](kept_json const& v) { return v.is_string(); };
  if (!data->is_object() || !is("path", text) || !is("digest", text) ||
      !is("n", [](kept_json const& v) { return v.is_number_unsigned(); }))
    throw broken(file, "data", "an object of path, digest and n");
  return json::parse(data->dump());
}

std::size_t site_named(program::site_names const& names, std::string const& name, std::filesystem::path const& file) {
  for (std::size_t i = 0; i < names.sites(); ++i)
    if (names.name(i) == name) return i;
  throw error({errc::shape, "site is not one of the model", model::place(file, "key '" + name + "'"), "",
               "the sites of the model that is deployed", "calibrate this model"});
}

}  // namespace

json calibration_object(calibration_file const& c, program::site_names const& names) {
  json out;
  out["model_digest"] = c.model_digest;
  out["data"] = c.data;
  out["text_digests"] = c.text_digests;
  out["chips"] = json::array();
  for (auto const& [key, kept] : c.chips) {
    json chip;
    chip["id"] = key.substr(0, key.find('\n'));
    chip["settings"] = lines_of(key.substr(key.find('\n') + 1));
    chip["largest"] = json::object();
    for (std::size_t i = 0; i < names.sites(); ++i) chip["largest"][names.name(i)] = kept.values.largest[i];
    chip["softmax_full_scale"] = json::object();
    for (std::size_t b = 0; b < kept.values.scores.size(); ++b)
      if (kept.values.scores[b].rows() > 0)
        chip["softmax_full_scale"][std::to_string(b)] = kept.values.scores[b].full_scale(full_scale_rule::largest);
    chip["full_scales"] = json::object();
    for (std::size_t i = 0; i < names.sites(); ++i)
      if (!kept.full_scales[i].empty()) chip["full_scales"][names.name(i)] = kept.full_scales[i];
    out["chips"].push_back(std::move(chip));
  }
  return out;
}

calibration_file read_calibration(std::filesystem::path const& file, program::site_names const& names) {
  model::json_file const root(file);
  require_header(root, file);
  calibration_file c;
  c.model_digest = root.string("model_digest");
  c.text_digests = digests_of(root, file);
  c.data = data_of(root, file);
  auto const* chips = root.find("chips");
  if (chips == nullptr || !chips->is_array() || chips->empty()) throw broken(file, "chips", "a list of chips");
  for (auto const& chip : *chips) {
    for (char const* key : {"id", "settings", "largest", "softmax_full_scale", "full_scales"})
      if (!chip.is_object() || !chip.contains(key))
        throw broken(file, std::string("chips.") + key, "an entry for every chip");
    if (!chip["id"].is_string() || !chip["settings"].is_array())
      throw broken(file, "chips.settings", "a list of texts");
    std::string printed;
    for (auto const& s : chip["settings"]) {
      if (!s.is_string()) throw broken(file, "chips.settings", "a list of texts");
      printed += s.get<std::string>() + "\n";
    }
    for (char const* key : {"largest", "softmax_full_scale", "full_scales"})
      if (!chip[key].is_object()) throw broken(file, std::string("chips.") + key, "an object");
    chip::calibration kept{chip::value_ranges(names), chip::converter_ranges(names.sites())};
    for (auto const& [name, value] : chip["largest"].items())
      kept.values.largest[site_named(names, name, file)] = largest_at(value, file, "largest." + name);
    require_sites(chip["largest"], names, file);
    for (auto const& [block, value] : chip["softmax_full_scale"].items()) {
      std::size_t const b = block_at(block, kept.values.scores.size(), file);
      float const f = number_at(value, file, "softmax_full_scale." + block);  // a score: of either sign
      kept.values.scores[b].observe(std::span<float const>(&f, 1));
    }
    for (auto const& [name, values] : chip["full_scales"].items()) {
      auto& site = kept.full_scales[site_named(names, name, file)];
      if (!values.is_array()) throw broken(file, "full_scales." + name, "a list of numbers");
      for (auto const& v : values) site.push_back(positive_at(v, file, "full_scales." + name));
    }
    if (std::all_of(kept.values.largest.begin(), kept.values.largest.end(), [](float v) { return v == 0.0f; }))
      throw broken(file, "chips.largest", "ranges of the values of the model");
    if (!c.chips.empty() && c.chips.begin()->second.values.largest != kept.values.largest)
      throw error({errc::config_conflict, "chips contradict each other about the values of the model",
                   model::place(file, "key 'chips.largest'"), "", "the same for every chip", "calibrate again"});
    std::string const id = chip["id"].get<std::string>();
    if (!c.chips.emplace(calibration_key(id, printed), std::move(kept)).second)
      throw error({errc::config_conflict, "holds two calibrations of one chip with the same settings",
                   model::place(file, "key 'chips'"), in_quotes(id), "one", "calibrate again"});
  }
  return c;
}

chip::calibration const& calibration_for(calibration_file const& c, std::string const& spec,
                                         std::string const& printed_settings, std::filesystem::path const& file) {
  auto const found = c.chips.find(calibration_key(spec, printed_settings));
  if (found != c.chips.end()) return found->second;
  // What is nearest among those of the same chip says best what is wrong.
  auto const wanted = lines_of(printed_settings);
  std::string nearest;
  std::size_t fewest = wanted.size() + 1;
  for (auto const& [key, kept] : c.chips) {
    if (key.substr(0, key.find('\n')) != spec) continue;
    auto const there = lines_of(key.substr(key.find('\n') + 1));
    std::size_t differing = 0;
    std::string first;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (i < there.size() && there[i] == wanted[i]) continue;
      ++differing;
      if (first.empty())
        first = wanted[i] + " here, " + (i < there.size() ? there[i] : std::string("nothing")) + " there";
    }
    if (differing < fewest) {
      fewest = differing;
      nearest = first;
    }
  }
  throw error({errc::missing_calibration, "holds no calibration for these settings of " + spec, model::place(file),
               nearest, "the settings that it was made for",
               "calibrate with the same --set, or give calibration texts"});
}

std::vector<std::string> text_digests(std::vector<std::string> const& texts) {
  std::vector<std::string> out;
  for (auto const& t : texts) out.push_back(fmt::format("{:016x}", fingerprint(std::string_view(t))));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::size_t check_kept_disjoint(calibration_file const& c, std::filesystem::path const& file,
                                text_source const& scored) {
  auto const digests = text_digests(scored.texts);
  std::size_t common = 0;
  for (auto const& d : digests)
    common += static_cast<std::size_t>(std::binary_search(c.text_digests.begin(), c.text_digests.end(), d));
  if (common == digests.size())
    throw error({errc::data_leak, "was made from the scored texts", model::place(file), "",
                 "texts that are not in " + scored.path.string(), "calibrate on held-out data"});
  return common;
}

}  // namespace program_cli
