# The runtime that libraries of `loopjit build` need: what compiled code calls, without the compiler. libloopjit-rt.a is one object whose only names
# are the runtime's, lj_rt_*, so that it can be linked with anything; all of them are hidden: each shared library has its own. libloopjit-rt.so is for
# libraries that share it (--runtime shared).
set(runtime_parts "/(base|runtime)/[a-z_]+\\.c")
set(not_runtime "/runtime/(npy|npy_write|rt_symbols)\\.c") # files, and what only the engine's linker asks

set(rt_object ${PROJECT_BINARY_DIR}/loopjit-rt.o)
set(rt_archive ${PROJECT_BINARY_DIR}/libloopjit-rt.a)
set(all_objects $<TARGET_OBJECTS:objects>)
set(rt_objects $<FILTER:$<FILTER:${all_objects},INCLUDE,${runtime_parts}>,EXCLUDE,${not_runtime}>)
add_custom_command(OUTPUT ${rt_archive} DEPENDS objects ${all_objects} VERBATIM COMMAND_EXPAND_LISTS
  COMMAND ${CMAKE_LINKER} -r -o ${rt_object} ${rt_objects}
  COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=lj_rt_* --remove-section=.llvm_addrsig --strip-unneeded ${rt_object}
  COMMAND ${CMAKE_COMMAND} -E rm -f ${rt_archive}
  COMMAND ${CMAKE_AR} Drcs ${rt_archive} ${rt_object})
add_custom_target(loopjit_rt_static ALL DEPENDS ${rt_archive})

set(rt_sources ${sources})
list(FILTER rt_sources INCLUDE REGEX ${runtime_parts})
list(FILTER rt_sources EXCLUDE REGEX ${not_runtime})
add_library(loopjit_rt_shared SHARED ${rt_sources})
set_target_properties(loopjit_rt_shared PROPERTIES OUTPUT_NAME loopjit-rt VERSION ${PROJECT_VERSION} SOVERSION 0)
target_compile_definitions(loopjit_rt_shared PRIVATE LOOPJIT_RT_SHARED=1)
target_link_libraries(loopjit_rt_shared PRIVATE options Threads::Threads m ${CMAKE_DL_LIBS})
