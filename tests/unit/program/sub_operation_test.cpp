// Sites of a model and their names.
#include "ohmic/program/sub_operation.hpp"

#include <set>
#include <string>

#include "support/catch.hpp"

using ohmic::program::operation;
using ohmic::program::operation_count;
using ohmic::program::site;
using ohmic::program::site_names;

TEST_CASE("every site of a model has an index and a name of its own") {
  for (std::size_t layers : {0u, 1u, 2u, 12u}) {
    site_names const names{layers};
    std::set<std::string> seen;
    for (std::size_t i = 0; i < names.sites(); ++i) {
      site const s{i / operation_count, static_cast<operation>(i % operation_count)};
      CHECK(s.index() == i);
      CHECK(names.name(i) == names.name(s));
      seen.insert(names.name(i));
    }
    CAPTURE(layers);
    CHECK(seen.size() == names.sites());
    CHECK(names.sites() == (layers + 2) * operation_count);
  }
}

TEST_CASE("sites are named after their block and sub-operation") {
  site_names const names{2};
  CHECK(names.name(site{0, operation::L1}) == "embeddings.L1");
  CHECK(names.name(site{0, operation::input}) == "embeddings.input");
  CHECK(names.name(site{1, operation::A4}) == "layer.0.A4");
  CHECK(names.name(site{2, operation::B_L2}) == "layer.1.B.L2");
  CHECK(names.name(site{3, operation::pooler}) == "pooler");
  CHECK(names.name(site{3, operation::classifier}) == "classifier");
}

TEST_CASE("every operation has a name of its own") {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < operation_count; ++i) seen.emplace(ohmic::program::name_of(static_cast<operation>(i)));
  CHECK(seen.size() == operation_count);
  CHECK(seen.count("") == 0);
}
