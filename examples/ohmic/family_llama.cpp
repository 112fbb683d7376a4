// Llama language models, Mistral and Qwen2 among them.
#include "families.hpp"
#include "language_family.hpp"
#include "ohmic/model/import/llama.hpp"
#include "ohmic/model/llama.hpp"
#include "sweep_deploy.hpp"

namespace program_cli {

namespace {
struct llama_reader {
  using model_type = ohmic::model::llama;
  static constexpr char const* type = "llama";
  static constexpr char const* title = "Llama";
  static model_type read(std::string const& folder) {
    return ohmic::model::read_llama(folder, ohmic::model::matrices::in_files);
  }
};
}  // namespace

int deploy_llama(deploy_options const& o, common_options const& common) {
  return deploy_family(language_family<llama_reader>(o.model, o.reading), o, common);
}
int calibrate_llama(calibrate_options const& o, common_options const& common) {
  return calibrate_family(language_family<llama_reader>(o.model, o.reading), o, common);
}
int generate_llama(generate_options const& o, common_options const& common) {
  return generate_family(language_family<llama_reader>(o.model, o.reading), o, common);
}
std::unique_ptr<point_runner> deploy_points_llama(sweep_spec const& spec, common_options const& common) {
  using family = language_family<llama_reader>;
  return std::make_unique<deploy_runner<family>>(family(spec.model), spec, common);
}

}  // namespace program_cli
