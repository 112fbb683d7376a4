// The Universal Sentence Encoder lite: pairs of query and document.
#include "families.hpp"
#include "ohmic/model/import/sentence_encoder.hpp"
#include "ohmic/model/sentence_encoder.hpp"
#include "ohmic/model/text/unigram.hpp"
#include "run_deployment.hpp"
#include "sweep_deploy.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

class sentence_encoder_family {
 public:
  using model_type = model::sentence_encoder;
  using task_type = model::retrieve_task;
  static constexpr char const* type = "sentence_encoder";
  static constexpr char const* default_calibration = "calib.tsv";

  explicit sentence_encoder_family(std::string const& folder)
      : model_(model::read_sentence_encoder(folder)),
        tokenizer_(model::read_unigram(std::filesystem::path(folder) / "vocab.json")) {
    if (tokenizer_.size() > model_.config.vocabulary)
      throw error({errc::config_conflict, "has more pieces than the model", folder + "/vocab.json",
                   std::to_string(tokenizer_.size()), "at most " + std::to_string(model_.config.vocabulary),
                   "use the vocabulary that belongs to the model"});
  }

  [[nodiscard]] model_type const& model() const noexcept { return model_; }
  [[nodiscard]] json description(std::string const& path) const {
    auto const& c = model_.config;
    return {{"path", path}, {"type", type}, {"layers", c.layers}, {"width", c.width}, {"vocabulary", c.vocabulary}};
  }
  [[nodiscard]] std::string summary() const {
    auto const& c = model_.config;
    return fmt::format("Universal Sentence Encoder lite, {} layers, width {} to {}, vocabulary {}", c.layers,
                       c.embedding, c.width, c.vocabulary);
  }
  [[nodiscard]] scored_texts<task_type> scored(std::string const& file, std::size_t limit, bool no_truncate) const {
    auto [queries, documents, source] = read(file, limit, no_truncate);
    source.line = fmt::format("{} queries among {} documents, {} clipped to {} tokens", source.n, source.n,
                              source.truncated, model_.config.positions);
    return {task_type(queries, documents), std::move(source)};
  }
  [[nodiscard]] calibration_texts calibration(std::filesystem::path const& file) const {
    auto [queries, documents, source] = read(file, 0, false);
    source.line = fmt::format("{} pairs", source.n);
    return {task_type(queries, documents).inputs(), std::move(source)};
  }

 private:
  struct pairs {
    model::token_lists queries, documents;
    text_source source;
  };
  [[nodiscard]] pairs read(std::filesystem::path const& file, std::size_t limit, bool no_truncate) const {
    auto data = model::read_pairs(file);
    if (limit > 0 && limit < data.size()) data.resize(limit);
    pairs out;
    out.source.path = file;
    out.source.n = data.size();
    for (auto& p : data) {
      for (auto* const text : {&p.query, &p.document}) {
        std::string const where = file.string() + " line " + std::to_string(p.line);
        auto ids = tokenizer_.encode(*text, where);
        if (ids.empty())
          throw error({errc::value, "text has no token", where, in_quotes(*text),
                       "a text with a character of the vocabulary", ""});
        if (ids.size() > model_.config.positions) {
          if (no_truncate)
            throw error({errc::capacity, "has more pieces than the model has positions", where,
                         std::to_string(ids.size()), std::to_string(model_.config.positions),
                         "shorten it, or allow truncation"});
          ids.resize(model_.config.positions);
          ++out.source.truncated;
        }
        require_scores(ids.size(), ids.size(), where);
        (text == &p.query ? out.queries : out.documents).push_back(std::move(ids));
        out.source.texts.push_back(std::move(*text));
      }
    }
    return out;
  }

  model::sentence_encoder model_;
  model::unigram tokenizer_;
};

}  // namespace

int deploy_sentence_encoder(deploy_options const& o, common_options const& common) {
  refuse_reading_of_language<sentence_encoder_family>(o.reading);
  return deploy_family(sentence_encoder_family(o.model), o, common);
}
int calibrate_sentence_encoder(calibrate_options const& o, common_options const& common) {
  refuse_reading_of_language<sentence_encoder_family>(o.reading);
  return calibrate_family(sentence_encoder_family(o.model), o, common);
}
std::unique_ptr<point_runner> deploy_points_sentence_encoder(sweep_spec const& spec, common_options const& common) {
  return std::make_unique<deploy_runner<sentence_encoder_family>>(sentence_encoder_family(spec.model), spec, common);
}

}  // namespace program_cli
