// ohmic list: what the program knows by name.
#include <algorithm>
#include <filesystem>

#include "chips.hpp"
#include "json_output.hpp"
#include "ohmic/chip/cost_presets.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/device/catalogue.hpp"
#include "ohmic/model/catalogue.hpp"
#include "options.hpp"
#include "plugins.hpp"
#include "terminal.hpp"

namespace program_cli {

namespace {

/// The devices of cell.device, those of loaded plugins at the end.
void list_devices(json& out, bool text) {
  out["devices"] = json::array();
  auto const add = [&](json d) {
    if (text)
      say(stdout, "{:<20} {}\n{:<20}   {}\n", d["id"].get<std::string>(), d["summary"].get<std::string>(), "",
          d["source"].get<std::string>());
    out["devices"].push_back(std::move(d));
  };
  for (auto const& [name, value] : ohmic::enum_names<ohmic::device_name>::value)
    ohmic::with_law(value, [&](auto const& law) {
      ohmic::device_facts const f = law.facts();
      json d = {{"id", f.name}, {"summary", f.summary}, {"source", f.source}};
      if (f.name != "table")
        d["range_uS"] = {f.low_uS, finite(f.high_uS)}, d["levels"] = f.levels, d["spread"] = f.has_spread,
        d["drift"] = f.has_drift, d["read_noise"] = f.has_read_noise;
      add(std::move(d));
    });
  for (auto const& p : plugins())
    for (auto const& d : p.devices())
      add({{"id", d.name}, {"summary", d.summary}, {"source", d.source}, {"plugin", p.table().name}});
}

/// The plugins of --plugin, and those in the folders of OHMIC_PLUGIN_PATH. One that is not loaded says why.
void list_plugins(json& out, bool text) {
  out["plugins"] = json::array();
  auto const add = [&](json p) {
    if (text && p.contains("error")) say(stdout, "{}\n", p["error"].get<std::string>());
    if (text && p.contains("id")) {
      say(stdout, "{:<20} {} {}\n{:<20}   {}\n", p["id"].get<std::string>(), p["version"].get<std::string>(),
          p["summary"].get<std::string>(), "", p["file"].get<std::string>());
      for (auto const& d : p["devices"])
        say(stdout, "{:<20}   cell.device={}: {}\n", "", d["id"].get<std::string>(), d["summary"].get<std::string>());
      if (p.contains("prices"))
        say(stdout, "{:<20}   --prices {}:{}: {}\n", "", p["id"].get<std::string>(),
            p["prices"]["parameters"].get<std::string>(), p["prices"]["summary"].get<std::string>());
    }
    out["plugins"].push_back(std::move(p));
  };
  for (auto const& p : plugins()) add(plugin_object(p));
  for (auto const& file : plugin_files()) {
    std::error_code none;
    if (std::any_of(plugins().begin(), plugins().end(),
                    [&](auto const& p) { return std::filesystem::equivalent(p.file(), file, none); }))
      continue;
    try {
      add(plugin_object(open_plugin(file)));
    } catch (ohmic::error const& e) { add({{"file", file.string()}, {"error", e.what()}}); }
  }
}

}  // namespace

int list(std::string const& what, common_options const& common) {
  auto const start = std::chrono::steady_clock::now();
  bool const text = !common.quiet && common.json != "-";
  json out = result_header("list", common);
  if (what == "chips") {
    out["chips"] = json::array();
    for (auto const& c : chips()) {
      json const settings = settings_object(c.settings());
      out["chips"].push_back({{"id", c.name}, {"summary", c.summary}, {"settings", settings}});
      if (!text) continue;
      say(stdout, "{:<20} {}\n", c.name, c.summary);
      for (auto const& [key, value] : settings.items())
        say(stdout, "    {}={}\n", key, value.is_string() ? value.get<std::string>() : value.dump());
    }
    for (auto const& p : ohmic::chip::cost_presets) {
      if (p.has_function) continue;  // listed above
      out["chips"].push_back({{"id", p.name}, {"summary", p.summary}, {"source", p.citation}, {"cost_only", true}});
      if (text) say(stdout, "{:<20} {}\n", p.name, p.summary);
    }
  } else if (what == "models") {
    std::pair<char const*, char const*> const known[] = {
        {"bert",
         "BertForSequenceClassification, task classify: a folder with config.json, safetensors in one file or several, "
         "vocab.txt, tokenizer_config.json"},
        {"gpt2",
         "GPT2LMHeadModel, task lm: a folder with config.json, safetensors in one file or several, tokenizer.json or "
         "sp.model (SentencePiece BPE)"},
        {"llama",
         "LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, task lm: a folder with config.json, safetensors in "
         "one file or "
         "several, tokenizer.json"},
        {"t5",
         "T5ForConditionalGeneration (T5, v1.1, Flan), task translate: a folder with config.json, safetensors, "
         "tokenizer.json or spiece.model (unigram)"},
        {"gpt_neox",
         "GPTNeoXForCausalLM (Pythia), PhiForCausalLM, task lm: a folder with config.json, safetensors in one file or "
         "several, tokenizer.json"},
        {"moonshine",
         "Moonshine, task wer: a folder with encoder_model.onnx, decoder_model_merged.onnx, vocabulary.txt"},
        {"sentence_encoder",
         "Universal Sentence Encoder lite, task retrieve: a folder with model.json, vocab.json, group1-shard1of7 .. "
         "7of7"}};
    out["models"] = json::array();
    for (auto const& [id, summary] : known) {
      out["models"].push_back({{"id", id}, {"summary", summary}});
      if (text) say(stdout, "{:<20} {}\n", id, summary);
    }
    for (auto const& n : ohmic::model::catalogue()) {
      out["models"].push_back({{"id", n.id}, {"summary", n.source}, {"weights", n.weights()}, {"cost_only", true}});
      if (text)
        say(stdout, "{:<20} {:>8.2f} M weights in its layers, {} (cost only)\n", n.id,
            static_cast<double>(n.weights()) / 1e6, n.source);
    }
  } else if (what == "devices") {
    list_devices(out, text);
  } else if (what == "plugins") {
    list_plugins(out, text);
  } else {
    throw ohmic::error({ohmic::errc::unknown_id, "nothing of that name to list", "list", what,
                        "chips, devices, models, plugins", "try: ohmic list chips"});
  }
  out["run"] = run_object(start, 1, "none");
  write_result(common.json, out);
  return done;
}

}  // namespace program_cli
