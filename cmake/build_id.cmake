# Writes a C source with the build's identity: a digest of everything that the library is made of, so that code that another build cached is never
# used: cmake -DOUTPUT=… -DROOT=… -DSETTINGS=… -P build_id.cmake
file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/base/* ${ROOT}/frontend/* ${ROOT}/ir/* ${ROOT}/jit/* ${ROOT}/runtime/* ${ROOT}/include/* ${ROOT}/cmake/*)
list(APPEND files CMakeLists.txt)
list(SORT files)
set(all "${SETTINGS}")
foreach(file IN LISTS files)
  file(SHA256 ${ROOT}/${file} digest)
  string(APPEND all "${file} ${digest}\n")
endforeach()
string(SHA256 id "${all}")
file(WRITE ${OUTPUT} "extern const char lj_build_id[];\nconst char lj_build_id[] = \"${id}\";\n")
