// GPT-NeoX language models, Pythia and Phi among them.
#include "families.hpp"
#include "language_family.hpp"
#include "ohmic/model/import/neox.hpp"
#include "ohmic/model/neox.hpp"
#include "sweep_deploy.hpp"

namespace program_cli {

namespace {
struct neox_reader {
  using model_type = ohmic::model::neox;
  static constexpr char const* type = "gpt_neox";
  static constexpr char const* title = "GPT-NeoX";
  static model_type read(std::string const& folder) {
    return ohmic::model::read_neox(folder, ohmic::model::matrices::in_files);
  }
};
}  // namespace

int deploy_neox(deploy_options const& o, common_options const& common) {
  return deploy_family(language_family<neox_reader>(o.model, o.reading), o, common);
}
int calibrate_neox(calibrate_options const& o, common_options const& common) {
  return calibrate_family(language_family<neox_reader>(o.model, o.reading), o, common);
}
int generate_neox(generate_options const& o, common_options const& common) {
  return generate_family(language_family<neox_reader>(o.model, o.reading), o, common);
}
std::unique_ptr<point_runner> deploy_points_neox(sweep_spec const& spec, common_options const& common) {
  using family = language_family<neox_reader>;
  return std::make_unique<deploy_runner<family>>(family(spec.model), spec, common);
}

}  // namespace program_cli
