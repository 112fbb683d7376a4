// message: this type of member has no text form
#include "ohmic/core/reflect.hpp"

enum class mode { a, b };
struct config {
  mode choice = mode::a;
};
BOOST_HANA_ADAPT_STRUCT(config, choice);

#ifndef OHMIC_EXPECT_FAIL
template <>
struct ohmic::enum_names<mode> {
  static constexpr std::pair<std::string_view, mode> value[] = {{"a", mode::a}, {"b", mode::b}};
};
#endif

auto text() { return ohmic::print(config{}); }
