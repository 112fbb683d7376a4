// Tokens that config.json and generation_config.json name.
#include <cstdint>
#include <string>
#include <vector>

#include "import_support.hpp"
#include "ohmic/model/import/special_ids.hpp"
#include "support/catch.hpp"
#include "support/temporary_file.hpp"

TEST_CASE("a generated text ends where generation_config.json says, else where config.json does") {
  using ohmic::errc;
  using ohmic_test::check_failure;
  using ids = std::vector<std::int32_t>;
  ohmic_test::temporary_folder const folder;
  auto const ends = [&] { return ohmic::model::read_end_ids(folder.path(), 10); };
  folder.write("config.json", "{}");
  CHECK(ends().empty());
  folder.write("config.json", R"({"eos_token_id":3})");
  CHECK(ends() == ids{3});
  for (char const* silent : {"{}", R"({"eos_token_id":null})"}) {
    folder.write("generation_config.json", silent);
    CHECK(ends() == ids{3});
  }
  folder.write("generation_config.json", R"({"eos_token_id":[9,4]})");
  CHECK(ends() == ids{9, 4});
  folder.write("generation_config.json", R"({"eos_token_id":5})");
  CHECK(ends() == ids{5});
  for (char const* wrong : {R"({"eos_token_id":10})", R"({"eos_token_id":[10]})", R"({"eos_token_id":[-1]})"}) {
    folder.write("generation_config.json", wrong);
    check_failure(ohmic_test::failure([&] { static_cast<void>(ends()); }), errc::config_value,
                  {"generation_config.json", "eos_token_id", "0 to 9"});
  }
}
