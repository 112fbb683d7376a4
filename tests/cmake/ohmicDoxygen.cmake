# `cmake --build BUILD --target ohmic_docs`: pages of the headers and the README files in BUILD/docs/html. Opt-in: nothing else asks for Doxygen.
# Where it is installed a test holds the pages to no warning.
find_package(Doxygen QUIET)
if(DOXYGEN_FOUND)
  set(DOXYGEN_PROJECT_NUMBER "${PROJECT_VERSION}")
  set(DOXYGEN_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/docs")
  set(DOXYGEN_USE_MDFILE_AS_MAINPAGE "${CMAKE_CURRENT_SOURCE_DIR}/README.md")
  set(DOXYGEN_FILE_PATTERNS *.hpp *.h *.md)
  set(DOXYGEN_EXCLUDE_SYMBOLS *detail*)
  set(DOXYGEN_EXTRACT_ALL YES)
  set(DOXYGEN_GENERATE_LATEX NO)
  set(DOXYGEN_HAVE_DOT NO)
  set(DOXYGEN_JAVADOC_AUTOBRIEF YES)
  set(DOXYGEN_MARKDOWN_SUPPORT YES)
  set(DOXYGEN_TOC_INCLUDE_HEADINGS 0)
  set(DOXYGEN_MACRO_EXPANSION YES)
  set(DOXYGEN_EXPAND_ONLY_PREDEF YES)
  set(DOXYGEN_PREDEFINED OHMIC_ABI= "BOOST_HANA_ADAPT_STRUCT(...)=" OHMIC_HOT= )
  set(DOXYGEN_QUIET YES)
  set(DOXYGEN_WARN_IF_UNDOCUMENTED NO)
  set(DOXYGEN_WARN_AS_ERROR FAIL_ON_WARNINGS)
  set(DOXYGEN_ALIASES "xNN=\\\\xNN")  # core/printable.hpp speaks of it
  file(GLOB_RECURSE pages RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}" plugins/*.md examples/*.md bench/*.md conan/*.md tests/*.md)
  list(FILTER pages EXCLUDE REGEX "^tests/(golden|bad_inputs)/")  # tables of what programs print
  doxygen_add_docs(ohmic_docs README.md CONTRIBUTING.md CHANGELOG.md include/ohmic ${pages} COMMENT "Pages of the library")
  if(OHMIC_BUILD_TESTS)  # warnings are errors
    add_test(NAME docs.doxygen COMMAND "${DOXYGEN_EXECUTABLE}" "${CMAKE_CURRENT_BINARY_DIR}/Doxyfile.ohmic_docs"
      WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
    set_tests_properties(docs.doxygen PROPERTIES LABELS fast TIMEOUT 300)
  endif()
endif()
