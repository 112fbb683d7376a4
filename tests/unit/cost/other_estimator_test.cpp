// Counts of in-situ arrays and prices of converters beside those of an independent estimator.
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/cost/components32.hpp"
#include "ohmic/cost/in_situ.hpp"
#include "ohmic/cost/scaling.hpp"
#include "support/catch.hpp"

using namespace ohmic;

TEST_CASE("the arrays of an independent estimator are counted the same") {
  // 1024 x 4096 weights, 128 tokens, 128 x 128 subarrays, 2-bit cells, 8 columns a converter:
  // tests/golden/neurosim_counts.csv.
  auto const n = count_in_situ({}, {128, 1024, 4096});
  CHECK(n.arrays == 1024);
  CHECK(n.adcs == 16384);
  CHECK(n.conversions == 134217728);  // 134.2e6
  CHECK_THROWS_AS(in_situ_geometry::validate({128, 128, 2, 8, 8, 200}), error);
  // Its prices and ours stand side by side in the file, whose own columns are computed again here.
  std::ifstream in(OHMIC_SOURCE_DIR "/tests/golden/neurosim_counts.csv");
  survey_regression const survey{22.0, 1e9};
  std::vector<std::vector<product_shape>> const networks{{{128, 1024, 4096}},
                                                         {{128, 1024, 1024},
                                                          {128, 1024, 1024},
                                                          {128, 1024, 1024},
                                                          {128, 1024, 1024},
                                                          {128, 1024, 4096},
                                                          {128, 4096, 1024}}};
  std::size_t row = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() != '"') continue;
    REQUIRE(row < networks.size());
    in_situ_counts counts;
    for (auto const& m : networks[row++]) {
      auto const one = count_in_situ({}, m);
      counts.arrays += one.arrays, counts.adcs += one.adcs, counts.conversions += one.conversions;
    }
    std::vector<double> values;
    std::istringstream fields(line.substr(line.find('"', 1) + 2));
    for (std::string field; std::getline(fields, field, ',');) values.push_back(std::stod(field));
    REQUIRE(values.size() == 9);
    CHECK(values[0] == static_cast<double>(counts.arrays));
    CHECK(values[1] == static_cast<double>(counts.adcs));
    CHECK(values[2] == static_cast<double>(counts.conversions));
    component_prices const isaac32;
    CHECK(values[4] == Approx(isaac32.adc_area.value.si() * 1e12).epsilon(1e-5));
    CHECK(values[5] == Approx(survey.area(8).value.si() * 1e12).epsilon(1e-5));
    CHECK(values[7] == Approx(isaac32.adc_conversion.value.si() * 1e12).epsilon(1e-5));
    CHECK(values[8] == Approx(survey.energy(8).value.si() * 1e12).epsilon(1e-5));
  }
  CHECK(row == networks.size());
}

TEST_CASE("the file's columns of the other estimator are what it printed") {
  char const* const folder = std::getenv("OHMIC_GOLDEN");
  if (folder == nullptr || !std::ifstream(std::string(folder) + "/neurosim/fc_rram22_c2_sar8.out")) {
    WARN("OHMIC_GOLDEN does not name a folder with neurosim/*.out: not compared");
    return;
  }
  // Its tiles of 1024 x 1024 cells are 64 arrays; an array has a converter for 8 of its 128 columns.
  auto const number_after = [](std::string const& line, std::string const& text) {
    auto const at = line.find(text);
    return at == line.npos ? 0.0 : std::stod(line.substr(at + text.size()));
  };
  std::ifstream table(OHMIC_SOURCE_DIR "/tests/golden/neurosim_counts.csv");
  std::vector<std::vector<double>> rows;
  for (std::string line; std::getline(table, line);) {
    if (line.empty() || line.front() != '"') continue;
    rows.emplace_back();
    std::istringstream fields(line.substr(line.find('"', 1) + 2));
    for (std::string field; std::getline(fields, field, ',');) rows.back().push_back(std::stod(field));
  }
  REQUIRE(rows.size() == 2);
  for (auto const& [name, row] : {std::pair{"fc_rram22_c2_sar8", rows[0]}, {"bertl_rram22_c2_sar8", rows[1]}}) {
    INFO(name);
    std::ifstream printed(std::string(folder) + "/neurosim/" + name + ".out");
    double tiles = 0.0, area_um2 = 0.0, energy_pJ = 0.0;
    bool in_tiles = false, in_summary = false;
    for (std::string line; std::getline(printed, line);) {
      if (line.starts_with("---")) in_tiles = line.find("# of tile used") != line.npos;
      if (line.find("Summary") != line.npos) in_summary = true;
      if (in_tiles && line.starts_with("layer")) tiles += number_after(line, ": ");
      area_um2 += number_after(line, "Total ADC (or S/As and precharger for SRAM) Area on chip : ");
      if (in_summary) energy_pJ += number_after(line, "ADC (or S/As and precharger for SRAM) readDynamicEnergy is : ");
    }
    CHECK(tiles * 64 == row[0]);
    CHECK(tiles * 64 * 128 / 8 == row[1]);
    CHECK(area_um2 / row[1] == Approx(row[3]).epsilon(1e-5));
    CHECK(energy_pJ / row[2] == Approx(row[6]).epsilon(1e-5));
  }
}
