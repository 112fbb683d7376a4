# Runs one consumer test: cmake -Dkind=find_package|add_subdirectory|installed_program -Dsource=.. -Dbuild=.. -Dwork=.. .. -P run.cmake
cmake_minimum_required(VERSION 3.24)

# run(<what it is for> <command>...): stops with the command's whole output if it fails.
function(run purpose)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    string(REPLACE ";" " " command "${ARGN}")
    message(FATAL_ERROR "${purpose}: failed with ${status}\n${command}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

# must_fail(<what it is for> <regular expression of the message> <command>...)
function(must_fail purpose expected)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  string(REGEX REPLACE "[ \n]+" " " flat "${output}")
  if(status EQUAL 0 OR NOT flat MATCHES "${expected}")
    message(FATAL_ERROR "${purpose}: must fail with '${expected}', ended with ${status}\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE "${work}")
file(MAKE_DIRECTORY "${work}")
set(configure "${CMAKE_COMMAND}" -G "${generator}" "-DCMAKE_CXX_COMPILER=${compiler}"
  "-DCMAKE_CXX_COMPILER_LAUNCHER=${launcher}" -DCMAKE_BUILD_TYPE=Release)

# README's first program; a stand-in until there is a README.
execute_process(COMMAND "${python}" "${CMAKE_CURRENT_LIST_DIR}/first_program.py" "${source}/README.md" "${work}/first.cpp"
  RESULT_VARIABLE status OUTPUT_VARIABLE output)
if(status EQUAL 2)
  file(COPY_FILE "${CMAKE_CURRENT_LIST_DIR}/stand_in.cpp" "${work}/first.cpp")
elseif(NOT status EQUAL 0)
  message(FATAL_ERROR "${output}")
endif()

if(kind STREQUAL "find_package")
  # Installed without the program and the tests, as a package would be; then moved, because a package can be.
  run("configure for installation" ${configure} -S "${source}" -B "${work}/package" "-DCMAKE_INSTALL_PREFIX=${work}/elsewhere"
    -DOHMIC_BUILD_TESTS=OFF -DOHMIC_BUILD_EXAMPLES=OFF -DOHMIC_BUILD_BENCH=OFF -DOHMIC_BUILD_PLUGINS=OFF)
  run("build, which is nothing" "${CMAKE_COMMAND}" --build "${work}/package")
  run("install" "${CMAKE_COMMAND}" --install "${work}/package")
  file(RENAME "${work}/elsewhere" "${work}/prefix with space")
  set(prefix "${work}/prefix with space")
  foreach(file IN ITEMS include/ohmic/core/config.hpp share/licenses/ohmic/LICENSE share/cmake/ohmic/ohmicConfig.cmake)
    if(NOT EXISTS "${prefix}/${file}")
      message(FATAL_ERROR "install: ${file} is missing")
    endif()
  endforeach()
  file(GLOB_RECURSE strays RELATIVE "${prefix}" "${prefix}/*")
  list(FILTER strays EXCLUDE REGEX "^(include/ohmic/.*\\.hpp|include/ohmic/plugin/abi[a-z_]*\\.h|share/cmake/ohmic/ohmic[A-Za-z]*\\.cmake|share/licenses/ohmic/LICENSE)$")
  if(strays)
    message(FATAL_ERROR "install: these files do not belong into the package: ${strays}")
  endif()
  file(GLOB installed "${prefix}/share/cmake/ohmic/*.cmake")
  foreach(file IN LISTS installed)
    file(READ "${file}" text)
    string(FIND "${text}" "${source}" leak)
    if(NOT leak EQUAL -1)
      message(FATAL_ERROR "install: ${file} names the source folder")
    endif()
  endforeach()

  set(configure ${configure} "-DCMAKE_PREFIX_PATH=${prefix}" "-Dohmic_expected_version=${version}"
    "-Dohmic_first_program=${work}/first.cpp" -S "${CMAKE_CURRENT_LIST_DIR}/find_package")
  run("configure the consumer" ${configure} -B "${work}/consumer")
  run("build the consumer" "${CMAKE_COMMAND}" --build "${work}/consumer")
  run("run README's first program" "${work}/consumer/first")
  message(STATUS "README's first program:\n${output}")
  must_fail("ask for a later version" "version.* is not compatible|compatible with requested version \"99\""
    ${configure} -B "${work}/later" -Dohmic_requested_version=99)
  must_fail("ask for an unknown component" "ohmic has no component 'nonsense'"
    ${configure} -B "${work}/component" -Dohmic_components=nonsense)
elseif(kind STREQUAL "add_subdirectory")
  set(configure ${configure} "-Dohmic_source=${source}" "-Dohmic_expected_version=${version}"
    "-Dohmic_first_program=${work}/first.cpp" -S "${CMAKE_CURRENT_LIST_DIR}/add_subdirectory")
  run("configure the consumer" ${configure} -B "${work}/consumer")
  run("build the consumer" "${CMAKE_COMMAND}" --build "${work}/consumer")
  run("run the consumer" "${work}/consumer/first")
elseif(kind STREQUAL "installed_program")
  run("install what this build has" "${CMAKE_COMMAND}" --install "${build}" --prefix "${work}/prefix")
  run("run the installed program" "${work}/prefix/bin/ohmic" --help)
else()
  message(FATAL_ERROR "unknown kind of consumer: ${kind}")
endif()
file(REMOVE_RECURSE "${work}")
