// Moonshine: clips of speech and their transcripts.
#include "families.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/model/dynamic_int8.hpp"
#include "ohmic/model/import/moonshine.hpp"
#include "ohmic/model/import/wav.hpp"
#include "ohmic/model/moonshine.hpp"
#include "ohmic/model/speech_task.hpp"
#include "ohmic/model/text/pieces.hpp"
#include "run_deployment.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

class moonshine_family {
 public:
  using model_type = model::moonshine;
  using task_type = model::wer_task;
  static constexpr char const* type = "moonshine";
  static constexpr char const* default_calibration = "calib.tsv";

  explicit moonshine_family(std::string const& folder)
      : model_(model::read_moonshine(folder)),
        pieces_(model::read_pieces(std::filesystem::path(folder) / "vocabulary.txt")),
        integers_(model::integer_weights_of(model_)) {
    if (pieces_.size() > model_.config.vocabulary)
      throw error({errc::config_conflict, "has more pieces than the model", folder + "/vocabulary.txt",
                   std::to_string(pieces_.size()), "at most " + std::to_string(model_.config.vocabulary),
                   "use the vocabulary that belongs to the model"});
  }

  [[nodiscard]] model_type const& model() const noexcept { return model_; }
  [[nodiscard]] json description(std::string const& path) const {
    auto const& c = model_.config;
    return {{"path", path},
            {"type", type},
            {"encoder_layers", c.encoder_layers},
            {"decoder_layers", c.decoder_layers},
            {"width", c.width},
            {"vocabulary", c.vocabulary},
            {"front_end", c.front_end == model::speech_front_end::arrays ? "arrays" : "digital"}};
  }
  [[nodiscard]] std::string summary() const {
    auto const& c = model_.config;
    return fmt::format("Moonshine, {} + {} layers, width {}, vocabulary {}, convolutions {}", c.encoder_layers,
                       c.decoder_layers, c.width, c.vocabulary,
                       c.front_end == model::speech_front_end::arrays ? "on arrays" : "digital");
  }
  [[nodiscard]] scored_texts<task_type> scored(std::string const& file, std::size_t limit, bool) const {
    auto [clips, transcripts, source] = read(file, limit);
    return {task_type(std::move(clips), transcripts, [this](auto ids) { return pieces_.decode(ids); }),
            std::move(source)};
  }
  [[nodiscard]] calibration_texts calibration(std::filesystem::path const& file) const {
    auto [clips, transcripts, source] = read(file, 0);
    return {std::move(clips), std::move(source)};
  }
  /// The scores of the published graph's own arithmetic; none for a model of floats.
  [[nodiscard]] std::vector<model::named_score> published(task_type const& task, model::fp32_weights const& weights,
                                                          executor& threads, fp32_kernel const& kernel) const {
    bool any = false;
    for (float step : model_.weight_steps) any = any || step > 0.0f;
    if (!any) return {};
    auto const& clips = task.inputs();
    std::vector<task_type::answer> answers(clips.size());
    threads.for_each_index(clips.size(), [&](std::size_t t) {
      model::dynamic_int8_engine e(weights, integers_, kernel);
      answers[t] = task.answer_of(t, forward(e, model_, std::span<std::int32_t const>(clips[t])));
    });
    return task.scores(answers);
  }

 private:
  struct clip_set {
    model::token_lists clips;
    std::vector<std::string> transcripts;
    text_source source;
  };
  [[nodiscard]] clip_set read(std::filesystem::path const& file, std::size_t limit) const {
    auto list = model::read_transcripts(file);
    if (limit > 0 && limit < list.size()) list.resize(limit);
    clip_set out;
    out.source.path = file;
    out.source.n = list.size();
    double seconds = 0.0;
    auto const rate = static_cast<std::uint32_t>(model_.config.rate);
    for (auto const& clip : list) {
      std::string const where = model::place(file, "line " + std::to_string(clip.line));
      auto const read = model::read_wav(clip.file);
      if (read.seconds() > 1.0 + static_cast<double>(max_samples) / rate)  // before it is made longer
        throw error({errc::capacity, "clip is too long", where, fmt::format("{:.0f} s", read.seconds()),
                     fmt::format("at most {} s", max_samples / rate), "cut it: the model knows clips of some seconds"});
      auto sound = model::at_rate(read, rate, model::place(clip.file));
      if (model::encoder_tokens(model_.config, sound.samples.size()) == 0)
        throw error({errc::shape, "clip is too short", where, fmt::format("{:.3f} s", sound.seconds()),
                     "a twentieth of a second or more", "leave it out"});
      if (sound.samples.size() > max_samples)
        throw error({errc::capacity, "clip is too long", where, fmt::format("{:.0f} s", sound.seconds()),
                     fmt::format("at most {} s", max_samples / rate), "cut it: the model knows clips of some seconds"});
      seconds += sound.seconds();
      // A copy of a clip under another name is the same clip.
      out.source.texts.push_back(
          fmt::format("{:016x}", fingerprint({reinterpret_cast<char const*>(sound.samples.data()),
                                              sound.samples.size() * sizeof(std::int32_t)})));
      out.clips.push_back(std::move(sound.samples));
      out.transcripts.push_back(clip.transcript);
    }
    out.source.line = fmt::format("{} clips, {:.0f} s", out.source.n, seconds);
    out.source.more = {{"seconds", seconds}};
    return out;
  }
  static constexpr std::size_t max_samples = 16000 * 64;

  model::moonshine model_;
  model::piece_list pieces_;
  std::vector<model::integer_weights> integers_;
};

}  // namespace

int deploy_moonshine(deploy_options const& o, common_options const& common) {
  refuse_reading_of_language<moonshine_family>(o.reading);
  return deploy_family(moonshine_family(o.model), o, common);
}
int calibrate_moonshine(calibrate_options const& o, common_options const& common) {
  refuse_reading_of_language<moonshine_family>(o.reading);
  return calibrate_family(moonshine_family(o.model), o, common);
}

}  // namespace program_cli
