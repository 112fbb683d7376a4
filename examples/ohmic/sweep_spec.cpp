#include "sweep_spec.hpp"

#include <algorithm>
#include <boost/random/sobol.hpp>  // low-discrepancy points, up to thousands of dimensions
#include <cmath>
#include <filesystem>
#include <fmt/core.h>

#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/model/speech_task.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

/// A number in [0, 1) of 64 random bits.
double unit_interval(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

std::uint64_t addressed_bits(std::uint64_t seed, std::uint32_t k, std::uint32_t dimension, std::uint64_t index) {
  stream const s{seed, user_purpose(k), dimension};
  return static_cast<std::uint64_t>(s.word(2 * index, 0)) << 32 | s.word(2 * index + 1, 0);
}

}  // namespace

std::string sweep_number(double v, std::string const& unit) {
  return fmt::format("{:.15g}{}{}", v, unit.empty() ? "" : " ", unit);
}

std::size_t sweep_count(std::string const& text, std::string const& where) {
  std::size_t n = 0;
  if (auto const wrong = field_format<std::size_t>::parse(text, n); !wrong.empty())
    throw error({errc::config_value, wrong, where, "'" + text + "'", field_format<std::size_t>::allowed(), ""});
  return n;
}

std::string sweep_dimension::at(double place) const {
  if (!values.empty()) {
    auto const i = static_cast<std::size_t>(place * static_cast<double>(values.size()));
    return values[std::min(i, values.size() - 1)];
  }
  // A whole number is as likely at the ends as between them.
  double const low = whole ? from - 0.5 : from, high = whole ? to + 0.5 : to;
  double v = logarithmic ? std::max(low, 0.5 * from) * std::pow(high / std::max(low, 0.5 * from), place)
                         : low + (high - low) * place;
  if (whole) v = std::clamp(std::round(v), from, to);
  return sweep_number(v, unit);
}

std::vector<std::string> sweep_spec::values(std::uint64_t point) const {
  std::vector<std::string> out(dimensions.size());
  switch (method) {
    case sampling::grid:
      for (std::size_t d = dimensions.size(); d-- > 0;) {  // the last key changes first
        out[d] = dimensions[d].values[point % dimensions[d].values.size()];
        point /= dimensions[d].values.size();
      }
      break;
    case sampling::random:
      for (std::size_t d = 0; d < out.size(); ++d)
        out[d] = dimensions[d].at(unit_interval(addressed_bits(seed, 0, static_cast<std::uint32_t>(d), point)));
      break;
    case sampling::sobol: {
      // The sequence begins with 0, which the engine leaves out. It is shifted digit by digit, by the seed: the points of
      // every seed are as even as those of none.
      boost::random::sobol engine(out.size());
      if (point > 0) engine.seed(point - 1);
      for (std::size_t d = 0; d < out.size(); ++d)
        out[d] = dimensions[d].at(
            unit_interval((point > 0 ? engine() : 0) ^ addressed_bits(seed, 1, static_cast<std::uint32_t>(d), 0)));
      break;
    }
  }
  return out;
}

design const& sweep_spec::chip_called(std::string const& label) const {
  for (auto const& c : chips)
    if (c.request.label == label) return c;
  return chips.front();
}

sweep_assignment sweep_spec::assignment(std::uint64_t point) const {
  sweep_assignment a{chips.front().request.label, model, tokens, decode, batch, set};
  auto const texts = values(point);
  for (std::size_t d = 0; d < texts.size(); ++d) {
    auto const& key = dimensions[d].key;
    if (key == "chip")
      a.chip = texts[d];
    else if (key == "model")
      a.model = texts[d];
    else if (key == "tokens")
      a.tokens = sweep_count(texts[d], key);
    else if (key == "decode")
      a.decode = sweep_count(texts[d], key);
    else if (key == "batch")
      a.batch = sweep_count(texts[d], key);
    else
      a.set.push_back(key + "=" + texts[d]);
  }
  return a;
}

json sweep_spec::identity() const {
  library_version const v;
  json out;
  out["version"] = fmt::format("{}.{}.{}", v.major, v.minor, v.patch);
  out["kind"] = what == kind::cost ? "cost" : "deploy";
  out["method"] = method == sampling::grid ? "grid" : method == sampling::random ? "random" : "sobol";
  out["points"] = points_;
  out["seed"] = seed;
  out["model"] = model;
  out["tokens"] = tokens;
  out["decode"] = decode;
  out["batch"] = batch;
  auto const digest = [](std::string const& path) {
    return std::filesystem::is_regular_file(path) ? fmt::format("{:016x}", model::data_digest(path)) : "";
  };
  if (what == kind::deploy) {
    out["data"] = data;
    out["data.digest"] = digest(data);
    out["calibration"] = calibration;
    out["calibration.digest"] = digest(calibration);
    out["task"] = task;
    out["limit"] = limit;
  }
  for (auto const& c : chips) out["chip." + c.request.label] = json{{"base", c.request.base}, {"set", c.request.set}};
  out["set"] = set;
  out["keys"] = json::array();
  for (auto const& d : dimensions) {
    out["keys"].push_back(d.key);
    out["vary." + d.key] = d.values.empty() ? json{{"from", sweep_number(d.from, d.unit)},
                                                   {"to", sweep_number(d.to, d.unit)},
                                                   {"log", d.logarithmic},
                                                   {"whole", d.whole}}
                                            : json(d.values);
  }
  return out;
}

}  // namespace program_cli
