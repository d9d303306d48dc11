/* absent.h - words for what a PC has and a pen has not. Linked, group by group, only where a core asks for what nobody
 * defines: the link then fails with a sentence in the place of a bare name, and says where the firmware asks.
 *
 *   GROUP(name, words)   what is missing: the linker says "undefined reference to `words'", once
 *   BELOW(name, symbol)  what newlib or libstdc++ asks for
 *   ASKED(symbol, call)  how the firmware asks: "FILE:LINE: warning: call is not there" at its calls
 *   CALL(name, symbol)   both
 *
 * A definition of the symbol in the firmware or its port keeps the group out.
 */
#define GROUP(name, words)          \
  __asm__(                          \
      ".pushsection .text.absent\n" \
      "absent_" #name               \
      ":\n"                         \
      "  jmp \"" words              \
      "\"\n"                        \
      ".popsection\n");
#define BELOW(name, symbol) \
  __asm__(".weak " #symbol  \
          "\n"              \
          ".type " #symbol  \
          ", @function\n"   \
          ".set " #symbol ", absent_" #name "\n");
#define ASKED(symbol, call)                    \
  __asm__(".pushsection .gnu.warning." #symbol \
          ", \"\", @progbits\n"                \
          ".string \"" call                    \
          " is not there\"\n"                  \
          ".popsection\n");
#define CALL(name, symbol) \
  BELOW(name, symbol)      \
  ASKED(symbol, #symbol "()")
