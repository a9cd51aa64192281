# What `cmake --install` puts where, and the .deb of `cpack`. The shared library is what hosts link; LLVM and the prelude are inside it. Also the
# command, the runtime of libraries that it builds, the CMake package `loopjit`, the pkg-config files, the manual page and the completions, which the command itself prints.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(made ${PROJECT_BINARY_DIR}/share)
set(printed "")
# print_with(FILE ARGUMENT…): FILE of the build folder holds what `loopjit ARGUMENT…` prints.
function(print_with file)
  get_filename_component(folder ${made}/${file} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${made}/${file} DEPENDS loopjit VERBATIM COMMAND $<TARGET_FILE:loopjit> ${ARGN} > ${made}/${file})
  list(APPEND printed ${made}/${file})
  set(printed ${printed} PARENT_SCOPE)
endfunction()
print_with(loopjit.1 manual)
print_with(loopjit.bash completion bash)
print_with(_loopjit completion zsh)
print_with(loopjit.fish completion fish)
add_custom_target(shell_files ALL DEPENDS ${printed})

install(TARGETS loopjit RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS loopjit_shared EXPORT loopjit-targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} NAMELINK_COMPONENT Unspecified)
install(FILES ${rt_archive} DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS loopjit_rt_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} NAMELINK_COMPONENT Unspecified)
install(FILES ${PROJECT_SOURCE_DIR}/include/loopjit.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${made}/loopjit.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${made}/loopjit.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME loopjit)
install(FILES ${made}/_loopjit DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${made}/loopjit.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

# find_package(loopjit) gives the target loopjit::loopjit.
set_target_properties(loopjit_shared PROPERTIES EXPORT_NAME loopjit)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/loopjit)
install(EXPORT loopjit-targets NAMESPACE loopjit:: FILE loopjit-config.cmake DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/loopjit-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/loopjit-config-version.cmake DESTINATION ${package_folder})

# The prefix is where the file stands, so that a moved installation works.
file(RELATIVE_PATH to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/loopjit.pc @ONLY CONTENT [[
prefix=${pcfiledir}/@to_prefix@
Name: loopjit
Description: Compiles numeric kernels in a Python-syntax array language to native code
Version: @PROJECT_VERSION@
Cflags: -I${prefix}/@CMAKE_INSTALL_INCLUDEDIR@
Libs: -L${prefix}/@CMAKE_INSTALL_LIBDIR@ -lloopjit
]])
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/loopjit-rt.pc @ONLY CONTENT [[
prefix=${pcfiledir}/@to_prefix@
Name: loopjit-rt
Description: What libraries of `loopjit build` need when they do not contain it
Version: @PROJECT_VERSION@
Libs: -L${prefix}/@CMAKE_INSTALL_LIBDIR@ -lloopjit-rt
Libs.private: -lm -ldl -pthread
]])
install(FILES ${PROJECT_BINARY_DIR}/loopjit.pc ${PROJECT_BINARY_DIR}/loopjit-rt.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME loopjit)
set(CPACK_PACKAGE_VENDOR "the loopjit maintainers")
set(CPACK_PACKAGE_CONTACT "the loopjit maintainers <maintainers@loopjit.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "compiler and library for numeric kernels in a Python-syntax array language")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Loaded when a program needs them: threads, and products of matrices (without OpenBLAS they are loops).
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "libomp5-${LOOPJIT_LLVM_VERSION} | libomp5, libopenblas0")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "gcc | c-compiler") # links the shared libraries of `loopjit build`
include(CPack)
