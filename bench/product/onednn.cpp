// What the machine gives to a general matrix product of the same shape: oneDNN in bytes and in float. The yardstick that
// ratios of all products are taken against.
#include <dnnl.hpp>
#include <string>

#include "support/operands.hpp"

namespace {

using namespace ohmic_bench;
using kind = dnnl::memory::data_type;

/// X . W by oneDNN, W in the layout that it chooses, packed before the timing.
class dnnl_product {
 public:
  dnnl_product(shape s, kind x, kind w, kind y) {
    auto const n = static_cast<dnnl::memory::dim>(s.tokens), k = static_cast<dnnl::memory::dim>(s.inner),
               m = static_cast<dnnl::memory::dim>(s.outputs);
    using tag = dnnl::memory::format_tag;
    dnnl::memory::desc const x_layout({n, k}, x, tag::ab), any({k, m}, w, tag::any), y_layout({n, m}, y, tag::ab);
    dnnl::matmul::primitive_desc const plan(dnnl::matmul::desc(x_layout, any, y_layout), engine_);
    product_ = dnnl::matmul(plan);
    x_ = dnnl::memory(x_layout, engine_);
    y_ = dnnl::memory(y_layout, engine_);
    plain_ = dnnl::memory({{k, m}, w, tag::ab}, engine_);
    packed_ = dnnl::memory(plan.weights_desc(), engine_);
  }
  template <class T>
  [[nodiscard]] T* x() const {
    return static_cast<T*>(x_.get_data_handle());
  }
  /// (inner, outputs)
  template <class T>
  [[nodiscard]] T* w() const {
    return static_cast<T*>(plain_.get_data_handle());
  }
  template <class T>
  [[nodiscard]] T const* y() const {
    return static_cast<T const*>(y_.get_data_handle());
  }
  void pack() {
    dnnl::reorder(plain_, packed_).execute(stream_, plain_, packed_);
    stream_.wait();
  }
  void run() {
    product_.execute(stream_, {{DNNL_ARG_SRC, x_}, {DNNL_ARG_WEIGHTS, packed_}, {DNNL_ARG_DST, y_}});
    stream_.wait();
  }

 private:
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  dnnl::matmul product_;
  dnnl::memory x_, y_, plain_, packed_;
};

/// Fills both operands, offsets the activations, runs once and checks.
template <class X, class W, class Y>
void prepare(dnnl_product& p, operands const& o, int offset) {
  auto const [tokens, inner, outputs] = o.shape();
  for (std::size_t i = 0; i < o.x.size(); ++i) p.x<X>()[i] = static_cast<X>(o.x.flat()[i] + offset);
  for (std::size_t i = 0; i < inner; ++i)
    for (std::size_t t = 0; t < outputs; ++t) p.w<W>()[i * outputs + t] = static_cast<W>(o.w(t, i));
  p.pack();
  p.run();
  ohmic_bench::check_sums(o, [&, width = inner, columns = outputs](std::size_t n, std::size_t t) {
    auto sum = static_cast<double>(p.y<Y>()[n * columns + t]);
    for (std::size_t i = 0; i < width; ++i) sum -= offset * o.w(t, i);
    return sum;
  });
}

/// Activations without sign, weights with: the product that byte instructions are made for.
void int8(benchmark::State& state) {
  operands const o(standard_shape);
  dnnl_product p(o.shape(), kind::u8, kind::s8, kind::s32);
  prepare<std::uint8_t, std::int8_t, std::int32_t>(p, o, 128);
  ohmic_bench::measure(state, o.shape(), [&] { p.run(); });
}
BENCHMARK(int8)->Name("product/int8/onednn")->Apply(product_settings);

/// Integers whose sums stay below 2^24 are exact in float, whatever the order.
void f32(benchmark::State& state) {
  operands const o(standard_shape);
  dnnl_product p(o.shape(), kind::f32, kind::f32, kind::f32);
  prepare<float, float, float>(p, o, 0);
  ohmic_bench::measure(state, o.shape(), [&] { p.run(); });
}
BENCHMARK(f32)->Name("product/f32/onednn")->Apply(product_settings);

}  // namespace
