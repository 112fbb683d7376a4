// message: the loop body must be callable as f\(std::size_t\)
#include <string>

#include "ohmic/core/threads.hpp"

void fine(ohmic::executor& ex) {
  ex.for_each_index(3, [](std::size_t) {});
}
#ifdef OHMIC_EXPECT_FAIL
void wrong(ohmic::executor& ex) {
  ex.for_each_index(3, [](std::string const&) {});
}
#endif
