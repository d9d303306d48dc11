# Four Debian packages: pensim (program, cores, data), pensim-emulated (cores for ARM), pensim-dashboard, pensim-dev (find_package(pensim) for firmware in its own
# repository). `./dev package` makes them. Nothing is stripped: variables of a core are found by its debug information.
set(PENSIM_MAINTAINER "pensim <pensim@localhost.invalid>" CACHE STRING "maintainer of the Debian packages: name <address>")
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT ${PENSIM_MAINTAINER})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL pensim dev)
if(PENSIM_DASHBOARD)
  list(APPEND CPACK_COMPONENTS_ALL dashboard)
endif()
if(PENSIM_EMULATED)
  list(APPEND CPACK_COMPONENTS_ALL emulated)
endif()
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION electronics)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(fonts "fonts-inter, fonts-jetbrains-mono")

set(CPACK_DEBIAN_PENSIM_PACKAGE_NAME pensim)
set(CPACK_COMPONENT_PENSIM_DESCRIPTION "hardware-in-the-loop simulator for microneedling-pen firmware
 Runs the unmodified firmware of a motorised pen against models of motor, needles and skin, judges requirements,
 records every run.")
set(CPACK_DEBIAN_PENSIM_PACKAGE_SUGGESTS "pensim-dashboard, pensim-dev, fonts-dejavu-core, ${fonts}")

set(CPACK_DEBIAN_EMULATED_PACKAGE_NAME pensim-emulated)
set(CPACK_COMPONENT_EMULATED_DESCRIPTION "runs firmware for ARM in pensim
 The command line of pensim with an emulated Cortex-M (libunicorn): `--firmware emulated:FILE.elf`.")
set(CPACK_DEBIAN_EMULATED_PACKAGE_DEPENDS "pensim (= ${PROJECT_VERSION})")

set(CPACK_DEBIAN_DASHBOARD_PACKAGE_NAME pensim-dashboard)
set(CPACK_COMPONENT_DASHBOARD_DESCRIPTION "window to look at runs of pensim
 Plots, the pen in the skin to scale, requirements and firmware variables, of a recording or of a live run.")
set(CPACK_DEBIAN_DASHBOARD_PACKAGE_DEPENDS "pensim (= ${PROJECT_VERSION}), fonts-dejavu-core")
set(CPACK_DEBIAN_DASHBOARD_PACKAGE_RECOMMENDS "libgl1-mesa-dri, ${fonts}")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME pensim-dev)
set(CPACK_COMPONENT_DEV_DESCRIPTION "builds firmware as a core for pensim
 CMake package with pensim_add_core(), the headers of a port and the runtime that is compiled into each core.")
set(CPACK_DEBIAN_DEV_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "cmake (>= 3.25), g++ | clang, libnewlib-dev")
set(CPACK_DEBIAN_DEV_PACKAGE_RECOMMENDS "pensim (= ${PROJECT_VERSION}), newlib-source, gcc-12-source, make, xz-utils, perl, gcc-12-plugin-dev, gcc-arm-none-eabi, libstdc++-arm-none-eabi-newlib")
include(CPack)
