# SPDX-License-Identifier: Apache-2.0
# Hyperscan and Vectorscan have one API, one ABI and one soname, and either may be what a machine has. The gateway is
# built with the installed one; here its door is compiled once more against the other's headers and linked with it, and
# every unit test that scans runs as it is with the other in its place, as it would on a machine that has that one.
# Known differences: a serialised database of one is refused by the other (the cache names them apart, filters/scan.c),
# and Hyperscan 5.4.0's literal API has bugs (not used). No finding differs.
set(STOA_OTHER_HS "" CACHE PATH "Where tools/other-engine unpacked the scan library that is not installed")
file(GLOB other_hs LIST_DIRECTORIES false "${STOA_OTHER_HS}/usr/lib/*/libhs.so")
if(NOT STOA_OTHER_HS OR NOT other_hs)
    add_test(NAME engine/other COMMAND "${CMAKE_COMMAND}" -E false) # shows as skipped, not as passed
    set_tests_properties(engine/other PROPERTIES DISABLED TRUE)
    return()
endif()
get_filename_component(other_hs_dir "${other_hs}" DIRECTORY)

add_executable(engine_built unit/filters/scan_test.c unit/t.c "${CMAKE_SOURCE_DIR}/filters/scan.c")
target_include_directories(engine_built SYSTEM BEFORE PRIVATE "${STOA_OTHER_HS}/usr/include")
target_include_directories(engine_built PRIVATE unit "${CMAKE_SOURCE_DIR}/filters")
target_compile_options(engine_built PRIVATE -Wno-unused-function)
target_link_options(engine_built PRIVATE -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup)
target_link_libraries(engine_built PRIVATE "${other_hs}" stoa_filters dep::cmocka)
set_target_properties(engine_built PROPERTIES # found by LD_LIBRARY_PATH, like the others
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/unit" SKIP_BUILD_RPATH TRUE)
add_test(NAME engine/built COMMAND engine_built WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")

foreach(module packs scan_same scan_benign redact evasion find_named words glance)
    add_test(NAME engine/${module} COMMAND unit_filters_${module} WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
endforeach()
foreach(module built packs scan_same scan_benign redact evasion find_named words glance)
    set_tests_properties(engine/${module} PROPERTIES
        TIMEOUT 300 ENVIRONMENT "LD_LIBRARY_PATH=${other_hs_dir};STOA_ENGINE_DIR=${other_hs_dir}")
endforeach()
