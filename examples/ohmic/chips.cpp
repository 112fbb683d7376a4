#include "chips.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

template <class Spec>
chip_under_test deploy_on(deployment_job const& job, chip::config<Spec> const& settings, std::string name,
                          chip::product_mode mode) {
  auto const deployed = std::make_shared<chip::deployed<Spec> const>(chip::deploy<Spec>(
      job.model, settings, job.values, job.calibration, job.threads, job.report, *job.kernels.products));
  chip_under_test out{std::move(name),
                      settings_object(settings),
                      deployed,
                      chip::contestant(*deployed, mode),
                      deployed->choices(),
                      settings.array,
                      Spec::scale,
                      0};
  model::for_each_projection(
      job.model, [&](program::site s, auto const&) { out.clipped_biases += deployed->matrix_at(s).clipped_biases; });
  return out;
}

template <class Spec>
chip_entry entry() {
  return {Spec::name, Spec::summary, [] { return settings_object(chip::defaults<Spec>()); },
          [](deployment_job const& job) {
            auto settings = chip::defaults<Spec>();
            for (auto const& s : job.set) assign(settings, s);
            return deploy_on<Spec>(job, settings, Spec::name, chip::product_mode::convert);
          }};
}

}  // namespace

std::vector<chip_entry> const& chips() {
  static std::vector<chip_entry> const all{entry<chip::wang2024>(), entry<chip::wang2024_published>()};
  return all;
}

chip_entry const& chip_named(std::string const& name) {
  std::vector<std::string> names;
  for (auto const& c : chips()) {
    if (c.name == name) return c;
    names.push_back(c.name);
  }
  std::string const near = nearest_name(name, names);
  throw error({errc::unknown_id, "unknown chip", "--chip", name, joined(names),
               near.empty() ? "see ohmic list chips" : "did you mean '" + near + "'?"});
}

chip_under_test int8_reference(deployment_job const& job) {
  auto wanted = chip::defaults<chip::wang2024>();
  for (auto const& s : job.set) assign(wanted, s);
  auto settings = chip::defaults<chip::wang2024>();
  settings.array = wanted.array;
  settings.dac = wanted.dac;
  settings.coding = wanted.coding;
  settings.softmax.exp_bits = wanted.softmax.exp_bits;
  settings.adc.lossless = true;
  return deploy_on<chip::wang2024>(job, settings, "int8", chip::product_mode::exact);
}

}  // namespace program_cli
