// ohmic list: what the program knows by name.
#include <fmt/core.h>

#include "chips.hpp"
#include "json_output.hpp"
#include "ohmic/chip/cost_presets.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/model/catalogue.hpp"
#include "options.hpp"

namespace program_cli {

int list(std::string const& what, common_options const& common) {
  auto const start = std::chrono::steady_clock::now();
  bool const text = !common.quiet && common.json != "-";
  json out = result_header("list", common);
  if (what == "chips") {
    out["chips"] = json::array();
    for (auto const& c : chips()) {
      json const settings = c.settings();
      out["chips"].push_back({{"id", c.name}, {"summary", c.summary}, {"settings", settings}});
      if (!text) continue;
      fmt::print("{:<20} {}\n", c.name, c.summary);
      for (auto const& [key, value] : settings.items())
        fmt::print("    {}={}\n", key, value.is_string() ? value.get<std::string>() : value.dump());
    }
    for (auto const& p : ohmic::chip::cost_presets) {
      if (p.has_function) continue;  // listed above
      out["chips"].push_back({{"id", p.name}, {"summary", p.summary}, {"source", p.citation}, {"cost_only", true}});
      if (text) fmt::print("{:<20} {}\n", p.name, p.summary);
    }
  } else if (what == "models") {
    std::string const summary =
        "BertForSequenceClassification: a folder with config.json, model.safetensors, vocab.txt, tokenizer_config.json";
    out["models"] = json::array({{{"id", "bert"}, {"summary", summary}}});
    if (text) fmt::print("{:<20} {}\n", "bert", summary);
    for (auto const& n : ohmic::model::catalogue()) {
      out["models"].push_back({{"id", n.id}, {"summary", n.source}, {"weights", n.weights()}, {"cost_only", true}});
      if (text)
        fmt::print("{:<20} {:>8.2f} M weights in its layers, {} (cost only)\n", n.id,
                   static_cast<double>(n.weights()) / 1e6, n.source);
    }
  } else {
    throw ohmic::error({ohmic::errc::unknown_id, "nothing of that name to list", "list", what, "chips, models",
                        "try: ohmic list chips"});
  }
  out["run"] = run_object(start, 1, "none");
  write_result(common.json, out);
  return done;
}

}  // namespace program_cli
