// The families of models that the program knows: one translation unit each, because each brings the whole chip for its
// forward pass.
#pragma once

#include <memory>

#include "options.hpp"
#include "sweep_points.hpp"

namespace program_cli {

int deploy_bert(deploy_options const&, common_options const&);
int calibrate_bert(calibrate_options const&, common_options const&);
std::unique_ptr<point_runner> deploy_points_bert(sweep_spec const&, common_options const&);

int deploy_gpt2(deploy_options const&, common_options const&);
int calibrate_gpt2(calibrate_options const&, common_options const&);
std::unique_ptr<point_runner> deploy_points_gpt2(sweep_spec const&, common_options const&);
int generate_gpt2(generate_options const&, common_options const&);

int deploy_llama(deploy_options const&, common_options const&);
int calibrate_llama(calibrate_options const&, common_options const&);
std::unique_ptr<point_runner> deploy_points_llama(sweep_spec const&, common_options const&);
int generate_llama(generate_options const&, common_options const&);

int deploy_neox(deploy_options const&, common_options const&);
int calibrate_neox(calibrate_options const&, common_options const&);
std::unique_ptr<point_runner> deploy_points_neox(sweep_spec const&, common_options const&);
int generate_neox(generate_options const&, common_options const&);

int deploy_t5(deploy_options const&, common_options const&);
int calibrate_t5(calibrate_options const&, common_options const&);
std::unique_ptr<point_runner> deploy_points_t5(sweep_spec const&, common_options const&);
int generate_t5(generate_options const&, common_options const&);

int deploy_moonshine(deploy_options const&, common_options const&);
int calibrate_moonshine(calibrate_options const&, common_options const&);

int deploy_sentence_encoder(deploy_options const&, common_options const&);
int calibrate_sentence_encoder(calibrate_options const&, common_options const&);
std::unique_ptr<point_runner> deploy_points_sentence_encoder(sweep_spec const&, common_options const&);

}  // namespace program_cli
