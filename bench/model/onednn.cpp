// The same pass in float by oneDNN: the library's program of an encoder on an engine whose every step is a primitive.
#include <cmath>
#include <cstring>
#include <dnnl.hpp>
#include <map>
#include <tuple>
#include <utility>

#include "model/encoder.hpp"

namespace {

using namespace ohmic_bench;
namespace program = ohmic::program;
using dims = dnnl::memory::dims;
using dim = dnnl::memory::dim;
constexpr auto f32 = dnnl::memory::data_type::f32;

/// Steps of a transformer as primitives; those of a site are made once, its weights packed as oneDNN wants them.
class onednn_engine {
 public:
  using tensor = ohmic::matrix<float>;
  using cache = ohmic::kv_cache<float>;

  [[nodiscard]] tensor input(program::site, tensor const& values) { return values; }
  [[nodiscard]] tensor project(program::site s, ohmic::model::linear_weights const& w, tensor const& x,
                               ohmic::model::projection_options<tensor> const& options) {
    auto const n = static_cast<dim>(x.rows()), k = static_cast<dim>(x.cols()), m = static_cast<dim>(w.outputs());
    auto [at, made] = linear_.try_emplace({s.block, static_cast<int>(s.op), n});
    step& p = at->second;
    using tag = dnnl::memory::format_tag;
    if (made) {
      dnnl::post_ops ops;
      if (options.factor != 1.0f) ops.append_eltwise(1.0f, dnnl::algorithm::eltwise_linear, options.factor, 0.0f);
      if (options.act == ohmic::activation::gelu)
        ops.append_eltwise(1.0f, dnnl::algorithm::eltwise_gelu_erf, 0.0f, 0.0f);
      if (options.act == ohmic::activation::tanh) ops.append_eltwise(1.0f, dnnl::algorithm::eltwise_tanh, 0.0f, 0.0f);
      if (options.residual != nullptr) ops.append_sum();
      dnnl::primitive_attr attributes;
      attributes.set_post_ops(ops);
      p.source = {{n, k}, f32, tag::ab};
      p.result = {{n, m}, f32, tag::ab};
      p.bias = {{{1, m}, f32, tag::ab}, engine_};
      std::memcpy(p.bias.get_data_handle(), w.bias.data(), w.bias.size() * sizeof(float));
      dnnl::memory::desc const any({k, m}, f32, tag::any);
      dnnl::matmul::primitive_desc const plan({p.source, any, p.bias.get_desc(), p.result}, attributes, engine_);
      // Weights are (outputs, inner) here: their transpose, packed.
      dnnl::memory plain({{k, m}, f32, tag::ba}, engine_, const_cast<float*>(w.weight.data()));
      p.weights = {plan.weights_desc(), engine_};
      dnnl::reorder(plain, p.weights).execute(stream_, plain, p.weights);
      stream_.wait();
      p.run = dnnl::matmul(plan);
    }
    tensor y(x.rows(), w.outputs());
    if (options.residual != nullptr) std::memcpy(y.data(), options.residual->data(), y.size() * sizeof(float));
    p.run.execute(stream_, {{DNNL_ARG_SRC, memory(p.source, x)},
                            {DNNL_ARG_WEIGHTS, p.weights},
                            {DNNL_ARG_BIAS, p.bias},
                            {DNNL_ARG_DST, memory(p.result, y)}});
    stream_.wait();
    return y;
  }
  [[nodiscard]] tensor attend(std::size_t, tensor const& q, tensor const& k, tensor const& v, std::size_t heads,
                              ohmic::attention_mask) {
    auto const n = static_cast<dim>(q.rows()), m = static_cast<dim>(q.cols()), h = static_cast<dim>(heads), d = m / h;
    dnnl::memory::desc const rows({h, n, d}, f32, dims{d, m, 1}), columns({h, d, n}, f32, dims{d, 1, m}),
        scores({h, n, n}, f32, dims{n * n, n, 1});
    if (!attention_) {
      attention_.score = dnnl::matmul(dnnl::matmul::primitive_desc({rows, columns, scores}, engine_));
      attention_.softmax = dnnl::softmax_forward(
          dnnl::softmax_forward::primitive_desc({dnnl::prop_kind::forward_inference, scores, 2}, engine_));
      attention_.value = dnnl::matmul(dnnl::matmul::primitive_desc({scores, rows, rows}, engine_));
      attention_.scores = {scores, engine_};
    }
    tensor out(q.rows(), q.cols());
    attention_.score.execute(
        stream_,
        {{DNNL_ARG_SRC, memory(rows, q)}, {DNNL_ARG_WEIGHTS, memory(columns, k)}, {DNNL_ARG_DST, attention_.scores}});
    attention_.softmax.execute(stream_, {{DNNL_ARG_SRC, attention_.scores}, {DNNL_ARG_DST, attention_.scores}});
    attention_.value.execute(
        stream_,
        {{DNNL_ARG_SRC, attention_.scores}, {DNNL_ARG_WEIGHTS, memory(rows, v)}, {DNNL_ARG_DST, memory(rows, out)}});
    stream_.wait();
    return out;
  }
  /// Range   one pass at a time: no cache
  [[nodiscard]] tensor attend(std::size_t block, tensor const& q, tensor const& k, tensor const& v, std::size_t heads,
                              ohmic::attention_mask mask, cache&) {
    return attend(block, q, k, v, heads, mask);
  }
  [[nodiscard]] tensor normalise(program::site, program::site, ohmic::model::norm_weights const& g, float epsilon,
                                 tensor const& u) {
    dnnl::memory::desc const rows({static_cast<dim>(u.rows()), static_cast<dim>(u.cols())}, f32,
                                  dims{static_cast<dim>(u.cols()), 1}),
        row({static_cast<dim>(u.cols())}, f32, dims{1});
    if (!norm_)
      norm_ = dnnl::layer_normalization_forward(dnnl::layer_normalization_forward::primitive_desc(
          {dnnl::prop_kind::forward_inference, rows, epsilon,
           dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift},
          engine_));
    tensor y(u.rows(), u.cols());
    norm_.execute(stream_, {{DNNL_ARG_SRC, memory(rows, u)},
                            {DNNL_ARG_SCALE, {row, engine_, const_cast<float*>(g.gamma.data())}},
                            {DNNL_ARG_SHIFT, {row, engine_, const_cast<float*>(g.beta.data())}},
                            {DNNL_ARG_DST, memory(rows, y)}});
    stream_.wait();
    return y;
  }
  [[nodiscard]] tensor none(tensor const& x) const { return tensor(0, x.cols()); }
  [[nodiscard]] tensor row(tensor const& x, std::size_t n) const {
    tensor y(1, x.cols());
    std::memcpy(y.data(), &x(n, 0), x.cols() * sizeof(float));
    return y;
  }
  [[nodiscard]] tensor mean(program::site, tensor const& x) { return row(x, 0); }
  [[nodiscard]] tensor output(program::site s, ohmic::model::linear_weights const& w, tensor const& x,
                              ohmic::model::projection_options<tensor> const& options) {
    return project(s, w, x, options);
  }

 private:
  struct step {
    dnnl::memory::desc source, result;
    dnnl::memory bias, weights;
    dnnl::matmul run;
  };
  struct attention_steps {
    dnnl::matmul score, value;
    dnnl::softmax_forward softmax;
    dnnl::memory scores;
    explicit operator bool() const { return static_cast<bool>(score); }
  };
  [[nodiscard]] dnnl::memory memory(dnnl::memory::desc const& layout, tensor const& x) const {
    return {layout, engine_, const_cast<float*>(x.data())};
  }

  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  std::map<std::tuple<std::size_t, int, dim>, step> linear_;
  attention_steps attention_;
  dnnl::layer_normalization_forward norm_;
};

void onednn(benchmark::State& state) {
  auto const m = ohmic_bench::bert_large_layers();
  auto const ids = ohmic_bench::text_of(encoder_tokens);
  onednn_engine e;
  {
    auto const weights = ohmic_bench::fp32_weights_of(m);
    ohmic::model::fp32_engine plain(weights);
    auto const expected = ohmic::model::classify(plain, m, ids), got = ohmic::model::classify(e, m, ids);
    for (std::size_t i = 0; i < expected.size(); ++i)  // sums of 4096 floats in another order
      ohmic_bench::check(std::fabs(expected[i] - got[i]) < 1e-3f * (1.0f + std::fabs(expected[i])));
  }
  ohmic_bench::measure(state, ohmic_bench::encoder_shape(m.config),
                       [&] { benchmark::DoNotOptimize(ohmic::model::classify(e, m, ids)); });
}
BENCHMARK(onednn)->Name("model/fp32/onednn")->Apply(product_settings);

}  // namespace
