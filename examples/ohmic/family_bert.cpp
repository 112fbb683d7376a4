// BERT classifiers: texts with labels.
#include "families.hpp"
#include "ohmic/model/encoder.hpp"
#include "ohmic/model/import/bert.hpp"
#include "ohmic/model/text/wordpiece.hpp"
#include "run_deployment.hpp"
#include "sweep_deploy.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

class bert_family {
 public:
  using model_type = model::bert;
  using task_type = model::classify_task;
  static constexpr char const* type = "bert";
  static constexpr char const* default_calibration = "calib.tsv";

  explicit bert_family(std::string const& folder)
      : model_(model::read_bert(folder)), tokenizer_(model::read_wordpiece(folder, model_.config)) {}

  [[nodiscard]] model_type const& model() const noexcept { return model_; }
  [[nodiscard]] json description(std::string const& path) const {
    auto const& c = model_.config;
    return {{"path", path}, {"type", type}, {"layers", c.layers}, {"width", c.width}, {"classes", c.classes}};
  }
  [[nodiscard]] std::string summary() const {
    auto const& c = model_.config;
    return fmt::format("BERT, {} layers, width {}, {} classes", c.layers, c.width, c.classes);
  }
  [[nodiscard]] scored_texts<task_type> scored(std::string const& file, std::size_t limit, bool no_truncate) const {
    auto [texts, labels] = read(file, limit, no_truncate);
    texts.source.line = fmt::format("{} texts, {} truncated to {} tokens", texts.source.n, texts.source.truncated,
                                    tokenizer_.config().max_length);
    return {task_type(std::move(texts.tokens), std::move(labels)), std::move(texts.source)};
  }
  [[nodiscard]] calibration_texts calibration(std::filesystem::path const& file) const {
    auto texts = read(file, 0, false).first;
    texts.source.line = fmt::format("{} texts", texts.source.n);
    return texts;
  }

 private:
  [[nodiscard]] std::pair<calibration_texts, std::vector<std::size_t>> read(std::filesystem::path const& file,
                                                                            std::size_t limit, bool no_truncate) const {
    auto data = model::read_labelled(file);
    model::check_labels(data, model_.config.classes, file);
    std::pair<calibration_texts, std::vector<std::size_t>> out;
    auto& [tokens, source] = out.first;
    // All texts of the file, so that a limit cannot hide that it was calibrated on.
    for (auto const& t : data) source.texts.push_back(t.text);
    if (limit > 0 && limit < data.size()) data.resize(limit);
    source.path = file;
    source.n = data.size();
    for (auto& t : data) {
      std::string const where = file.string() + " line " + std::to_string(t.line);
      auto encoded = tokenizer_.encode(t.text, no_truncate ? model::long_text::refuse : model::long_text::cut, where);
      require_scores(encoded.ids.size(), encoded.ids.size(), where);
      source.truncated += static_cast<std::size_t>(encoded.truncated);
      tokens.push_back(std::move(encoded.ids));
      out.second.push_back(t.label);
    }
    return out;
  }

  model::bert model_;
  model::wordpiece tokenizer_;
};

}  // namespace

int deploy_bert(deploy_options const& o, common_options const& common) {
  refuse_reading_of_language<bert_family>(o.reading);
  return deploy_family(bert_family(o.model), o, common);
}
int calibrate_bert(calibrate_options const& o, common_options const& common) {
  refuse_reading_of_language<bert_family>(o.reading);
  return calibrate_family(bert_family(o.model), o, common);
}
std::unique_ptr<point_runner> deploy_points_bert(sweep_spec const& spec, common_options const& common) {
  return std::make_unique<deploy_runner<bert_family>>(bert_family(spec.model), spec, common);
}

}  // namespace program_cli
