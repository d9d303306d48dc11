#error "a header of the firmware in place of <string.h>"
