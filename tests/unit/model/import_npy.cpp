// .npy files: every form that is read, and every lie that is refused.
#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "import_support.hpp"
#include "ohmic/model/import/npy.hpp"
#include "support/dice.hpp"

using namespace ohmic_test;
using ohmic::errc;
using ohmic::model::npy_array;
using ohmic::model::npy_bytes;
using ohmic::model::read_npy;

namespace {

/// A file of this header text and payload; the length of the header as the version has it.
std::string npy(std::string const& header, std::string const& payload, int version = 1) {
  std::string s = "\x93NUMPY";
  s += static_cast<char>(version);
  s += '\0';
  std::size_t const n = header.size();
  for (int k = 0; k < (version == 1 ? 2 : 4); ++k) s += static_cast<char>(n >> (8 * k) & 0xFF);
  return s + header + payload;
}
std::string header(std::string const& type, std::string const& order, std::string const& shape) {
  return "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}
template <class T>
std::string numbers(std::vector<T> const& values, bool big = false) {
  std::string s;
  for (T v : values) {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &v, sizeof(T));
    if (big) std::reverse(bytes, bytes + sizeof(T));
    s.append(bytes, sizeof(T));
  }
  return s;
}

void refused(std::string const& bytes, errc code, std::vector<std::string> const& parts) {
  temporary_folder const folder;
  auto const file = folder.write("a.npy", bytes);
  check_failure(failure([&] { (void)read_npy(file); }), code, parts);
}

npy_array read(std::string const& bytes) {
  temporary_folder const folder;
  return read_npy(folder.write("a.npy", bytes));
}

}  // namespace

TEST_CASE("npy: both types, both orders, both ends and all versions are read") {
  std::vector<double> const by_rows{1, 2, 3, 4, 5, 6}, by_columns{1, 4, 2, 5, 3, 6};
  std::vector<float> const single_rows{1, 2, 3, 4, 5, 6}, single_columns{1, 4, 2, 5, 3, 6};
  for (int version : {1, 2, 3})
    for (bool big : {false, true})
      for (bool fortran : {false, true})
        for (bool single : {false, true}) {
          std::string const type = std::string(big ? ">" : "<") + (single ? "f4" : "f8");
          std::string const payload = single ? numbers(fortran ? single_columns : single_rows, big)
                                             : numbers(fortran ? by_columns : by_rows, big);
          auto const a = read(npy(header(type, fortran ? "True" : "False", "(2, 3)"), payload, version));
          INFO(type << " version " << version << " fortran " << fortran);
          CHECK(a.shape == std::vector<std::size_t>{2, 3});
          for (std::size_t k = 0; k < 6; ++k) CHECK(a.values.flat()[k] == static_cast<double>(k + 1));
        }
}

TEST_CASE("npy: a vector is a matrix of one column, and knows that it was a vector") {
  auto const a = read(npy(header("<f8", "False", "(3,)"), numbers(std::vector<double>{1, 2, 3})));
  CHECK(a.is_vector());
  CHECK(a.values.rows() == 3);
  CHECK(a.values.cols() == 1);
  CHECK_FALSE(read(npy(header("<f8", "False", "(3, 1)"), numbers(std::vector<double>{1, 2, 3}))).is_vector());
}

TEST_CASE("npy: what is written is read back, bit for bit") {
  ohmic::matrix<double> m(3, 2);
  double const values[] = {0.1, -0.0, std::numeric_limits<double>::infinity(), 1e-310, 3.0, -7.25};
  std::copy(std::begin(values), std::end(values), m.data());
  auto const a = read(npy_bytes(m.view()));
  CHECK(std::memcmp(a.values.data(), m.data(), sizeof values) == 0);
  auto const v = read(npy_bytes(m.view(), true));
  CHECK(v.is_vector());
  CHECK(v.values(1, 0) == std::numeric_limits<double>::infinity());
  CHECK(npy_bytes(m.view()).substr(0, 128).find('\n') % 64 == 63);  // numbers start at a multiple of 64
}

TEST_CASE("npy: keys in any order and other blanks are read") {
  auto const a =
      read(npy("{\"shape\":(1,2),\"fortran_order\":True, 'descr':'<f8'}   \n", numbers(std::vector<double>{4, 5})));
  CHECK(a.values(0, 1) == 5.0);
}

TEST_CASE("npy: what is no .npy file is refused") {
  refused("", errc::file_format, {"no .npy file"});
  refused("PK\x03\x04 zipped", errc::file_format, {"no .npy file"});
  refused(std::string("\x93NUMPY\x01\x00", 8), errc::file_truncated, {"ends too early", "got 8 bytes"});
  refused(npy(header("<f8", "False", "(1,)"), numbers(std::vector<double>{1}), 9), errc::file_format,
          {"version", "got 9", "1, 2, 3"});
  auto const long_header =
      npy(header("<f8", "False", "(1,)"), numbers(std::vector<double>{1})).replace(8, 2, "\xff\xff");
  refused(long_header, errc::file_truncated, {"ends too early"});
  temporary_folder const folder;
  check_failure(failure([&] { (void)read_npy(folder / "none.npy"); }), errc::file_missing, {"none.npy"});
  check_failure(failure([&] { (void)read_npy(folder.path()); }), errc::file_missing,
                {"got a folder, allowed: a regular file"});
}

TEST_CASE("npy: headers that are no dictionary of three are refused") {
  std::string const one = numbers(std::vector<double>{1});
  for (std::string const h : {"", "{", "[]", "{'descr': '<f8'}", "{'descr': '<f8', 'descr': '<f8'}",
                              "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }",
                              "{'descr': '<f8', 'fortran_order': 1, 'shape': (1,), }",
                              "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
                              "{'descr': '<f8', 'fortran_order': False, 'shape': (1.5,), }",
                              "{'descr': '<f8', 'fortran_order': False, 'shape': (1, }",
                              "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'more': 1}",
                              "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), } import os",
                              "{'descr': '<f8, 'fortran_order': False, 'shape': (1,), }"}) {
    INFO(h);
    refused(npy(h, one), errc::file_format, {"header"});
  }
}

TEST_CASE("npy: other types and shapes are refused by name") {
  std::string const eight = numbers(std::vector<double>{1});
  for (std::string const type : {"<i8", "|u1", "<f2", "<c16", "|O", "=f8", "f8", ""})
    refused(npy(header(type, "False", "(1,)"), eight), errc::file_format, {"descr", "'" + type + "'", "<f8, <f4"});
  refused(npy(header("<f8", "False", "()"), eight), errc::shape, {"shape", "got ()"});
  refused(npy(header("<f8", "False", "(1, 1, 1)"), eight), errc::shape, {"got (1, 1, 1)", "one or two sizes"});
  refused(npy(header("<f8", "False", "(0, 3)"), ""), errc::shape, {"is empty", "(0, 3)"});
  refused(npy(header("<f8", "False", "(3, 0)"), ""), errc::shape, {"is empty"});
}

TEST_CASE("npy: a shape that the file does not hold is refused before memory is taken") {
  std::string const two = numbers(std::vector<double>{1, 2});
  refused(npy(header("<f8", "False", "(3,)"), two), errc::file_truncated, {"fewer numbers", "16 bytes"});
  refused(npy(header("<f8", "False", "(1,)"), two), errc::file_format, {"more bytes", "16 bytes", "8 bytes"});
  refused(npy(header("<f8", "False", "(2,)"), two + "x"), errc::file_format, {"more bytes"});
  refused(npy(header("<f8", "False", "(2,)"), two.substr(0, 15)), errc::file_truncated, {"fewer numbers"});
  for (std::string const shape : {"(4294967296, 4294967296)", "(1, 36028797018963968)"})
    refused(npy(header("<f8", "False", shape), two), errc::file_truncated, {"fewer numbers"});
  for (std::string const shape : {"(9223372036854775807, 2)", "(99999999999999999999999,)"})
    refused(npy(header("<f8", "False", shape), two), errc::file_format, {"2^56"});
}

TEST_CASE("npy: a file that is damaged anywhere is read or refused") {
  std::vector<double> const values{1.0, -2.0, 0.5, 4.0, -0.25, 6.0};
  std::vector<float> const single{1, 2, 3, 4, 5, 6};
  temporary_folder const folder;
  dice d(79);
  int read_whole = 0, few = 0, total = 0;
  for (int version : {1, 2, 3})
    for (std::string const& good : {npy(header("<f8", "False", "(2, 3)"), numbers(values), version),
                                    npy(header(">f4", "True", "(6,)"), numbers(single, true), version)})
      for (int i = 0; i < 600; ++i, ++total) {
        std::string bytes = good;
        // Mostly in the header, where a byte can lie.
        auto const end = static_cast<int>(d.between(0, 3) == 0 ? bytes.size() : bytes.size() - 24);
        auto const at = static_cast<std::size_t>(d.between(0, end - 1));
        bytes[at] = static_cast<char>(d.between(0, 255));
        if (d.between(0, 3) == 0)
          bytes[static_cast<std::size_t>(d.between(0, end - 1))] ^= static_cast<char>(1 << d.between(0, 7));
        int const cut = d.between(0, 19);
        if (cut == 0) bytes.resize(at);
        if (cut == 1) bytes += bytes;
        auto const file = folder.write("damaged.npy", bytes);
        try {
          auto const a = read_npy(file);
          std::size_t n = 1;
          for (std::size_t k : a.shape) n *= k;
          // Never more numbers than there are bytes.
          few += static_cast<int>(a.values.size() != n || n * 4 > bytes.size());
          ++read_whole;
        } catch (ohmic::error const& e) {
          if (!e.is_bad_input()) FAIL(e.what());
        }
      }
  CHECK(few == 0);
  CHECK(read_whole > 100);
  CHECK(read_whole < total - 100);
}
