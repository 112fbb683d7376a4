// GPT-2 language models.
#include "families.hpp"
#include "language_family.hpp"
#include "ohmic/model/gpt2.hpp"
#include "ohmic/model/import/gpt2.hpp"
#include "sweep_deploy.hpp"

namespace program_cli {

namespace {
struct gpt2_reader {
  using model_type = ohmic::model::gpt2;
  static constexpr char const* type = "gpt2";
  static constexpr char const* title = "GPT-2";
  static model_type read(std::string const& folder) { return ohmic::model::read_gpt2(folder); }
};
}  // namespace

int deploy_gpt2(deploy_options const& o, common_options const& common) {
  return deploy_family(language_family<gpt2_reader>(o.model, o.reading), o, common);
}
int calibrate_gpt2(calibrate_options const& o, common_options const& common) {
  return calibrate_family(language_family<gpt2_reader>(o.model, o.reading), o, common);
}
int generate_gpt2(generate_options const& o, common_options const& common) {
  return generate_family(language_family<gpt2_reader>(o.model, o.reading), o, common);
}
std::unique_ptr<point_runner> deploy_points_gpt2(sweep_spec const& spec, common_options const& common) {
  using family = language_family<gpt2_reader>;
  return std::make_unique<deploy_runner<family>>(family(spec.model), spec, common);
}

}  // namespace program_cli
