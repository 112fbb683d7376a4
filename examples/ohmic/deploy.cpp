// ohmic deploy, ohmic calibrate and ohmic generate: which family of models a folder holds.
#include <filesystem>
#include <string>

#include "families.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/import/json.hpp"
#include "options.hpp"

namespace program_cli {

using namespace ohmic;
namespace fs = std::filesystem;

namespace {

enum class family { bert, gpt2, llama, moonshine, neox, t5, sentence_encoder };

/// By model_type of config.json (Hugging Face), by the graphs of Moonshine, or by model.json and vocab.json (the sentence encoder's files).
family family_of(fs::path const& folder) {
  if (!fs::is_directory(folder))
    throw error({errc::file_missing, "no such folder", model::place(folder), "nothing",
                 "a folder with a model; see: ohmic list models", "check the path"});
  if (fs::exists(folder / "encoder_model.onnx")) return family::moonshine;
  if (!fs::exists(folder / "config.json") && fs::exists(folder / "model.json")) return family::sentence_encoder;
  model::json_file const config(folder / "config.json");
  std::string const type = config.string("model_type");
  if (type == "bert") return family::bert;
  if (type == "gpt2") return family::gpt2;
  if (type == "llama" || type == "mistral" || type == "qwen2") return family::llama;
  if (type == "gpt_neox" || type == "phi") return family::neox;
  if (type == "t5") return family::t5;
  throw error({errc::config_value, "is not supported", config.where("model_type"), in_quotes(type),
               "'bert', 'gpt2', 'llama', 'mistral', 'qwen2', 'gpt_neox', 'phi', 't5'", "see: ohmic list models"});
}

}  // namespace

int deploy(deploy_options const& o, common_options const& common) {
  switch (family_of(o.model)) {
    case family::gpt2:
      return deploy_gpt2(o, common);
    case family::llama:
      return deploy_llama(o, common);
    case family::neox:
      return deploy_neox(o, common);
    case family::t5:
      return deploy_t5(o, common);
    case family::moonshine:
      return deploy_moonshine(o, common);
    case family::sentence_encoder:
      return deploy_sentence_encoder(o, common);
    case family::bert:
      break;
  }
  return deploy_bert(o, common);
}

int calibrate(calibrate_options const& o, common_options const& common) {
  if (o.output.empty() && common.json.empty())
    throw error({errc::config_value, "nowhere to keep the calibration", "--output", "nothing", "a file name",
                 "give --output FILE.json"});
  switch (family_of(o.model)) {
    case family::gpt2:
      return calibrate_gpt2(o, common);
    case family::llama:
      return calibrate_llama(o, common);
    case family::neox:
      return calibrate_neox(o, common);
    case family::t5:
      return calibrate_t5(o, common);
    case family::moonshine:
      return calibrate_moonshine(o, common);
    case family::sentence_encoder:
      return calibrate_sentence_encoder(o, common);
    case family::bert:
      break;
  }
  return calibrate_bert(o, common);
}

std::unique_ptr<point_runner> deploy_points(sweep_spec const& spec, common_options const& common) {
  switch (family_of(spec.model)) {
    case family::gpt2:
      return deploy_points_gpt2(spec, common);
    case family::llama:
      return deploy_points_llama(spec, common);
    case family::neox:
      return deploy_points_neox(spec, common);
    case family::t5:
      return deploy_points_t5(spec, common);
    case family::moonshine:
      throw error({errc::config_conflict, "speech models are not swept", "model", spec.model, "a model of texts",
                   "use: ohmic deploy --vary key=a,b,c"});
    case family::sentence_encoder:
      return deploy_points_sentence_encoder(spec, common);
    case family::bert:
      break;
  }
  return deploy_points_bert(spec, common);
}

int generate(generate_options const& o, common_options const& common) {
  switch (family_of(o.model)) {
    case family::gpt2:
      return generate_gpt2(o, common);
    case family::llama:
      return generate_llama(o, common);
    case family::neox:
      return generate_neox(o, common);
    case family::t5:
      return generate_t5(o, common);
    case family::moonshine:
    case family::sentence_encoder:
    case family::bert:
      break;
  }
  throw error({errc::config_conflict, "the model does not generate text", "--model", o.model,
               "a language model: gpt2, llama, mistral, qwen2, gpt_neox, phi, t5", "see: ohmic list models"});
}

}  // namespace program_cli
