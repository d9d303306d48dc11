// pen_volatile_plugin.cpp - a plugin of gcc: reads of volatile locals and parameters, and of volatile bit-fields, are
// announced like those of every other volatile.
//
// gcc's -fsanitize=thread leaves out what no other thread can see, so `for (volatile int i = 0; i < 16000; ++i);` would
// take no virtual time, and announces a volatile bit-field as a plain access. This pass runs behind it and puts a call
// of __tsan_volatile_readN in front of every read of a volatile that has none yet. clang announces them by itself.
// clang-format off: the order is gcc's
#include <gcc-plugin.h>
#include <tree.h>
#include <basic-block.h>
#include <gimple.h>
#include <builtins.h>
#include <context.h>
#include <gimple-iterator.h>
#include <gimplify.h>
#include <gimplify-me.h>
#include <plugin-version.h>
#include <tree-pass.h>
// clang-format on

int plugin_is_GPL_compatible;

namespace {

bool announces_volatile_read(gimple* statement) {
  if (!is_gimple_call(statement)) return false;
  const tree function = gimple_call_fndecl(statement);
  if (!function || !fndecl_built_in_p(function, BUILT_IN_NORMAL)) return false;
  switch (DECL_FUNCTION_CODE(function)) {
    case BUILT_IN_TSAN_VOLATILE_READ1:
    case BUILT_IN_TSAN_VOLATILE_READ2:
    case BUILT_IN_TSAN_VOLATILE_READ4:
    case BUILT_IN_TSAN_VOLATILE_READ8:
    case BUILT_IN_TSAN_VOLATILE_READ16:
      return true;
    default:
      return false;
  }
}

built_in_function call_for(tree type) {
  const HOST_WIDE_INT bytes = int_size_in_bytes(type);
  return bytes == 1   ? BUILT_IN_TSAN_VOLATILE_READ1
         : bytes == 2 ? BUILT_IN_TSAN_VOLATILE_READ2
         : bytes == 8 ? BUILT_IN_TSAN_VOLATILE_READ8
                      : BUILT_IN_TSAN_VOLATILE_READ4;
}

// A bit-field has no address; its storage unit has.
tree storage_of(tree read) {
  if (TREE_CODE(read) != COMPONENT_REF || !DECL_BIT_FIELD_TYPE(TREE_OPERAND(read, 1))) return read;
  const tree unit = DECL_BIT_FIELD_REPRESENTATIVE(TREE_OPERAND(read, 1));
  if (!unit) return NULL_TREE;
  return build3(COMPONENT_REF, TREE_TYPE(unit), TREE_OPERAND(read, 0), unit, TREE_OPERAND(read, 2));
}

bool is_volatile(tree read) {
  if (TREE_THIS_VOLATILE(read)) return true;
  return TREE_CODE(read) == COMPONENT_REF && TREE_THIS_VOLATILE(TREE_OPERAND(read, 1));
}

void announce(gimple_stmt_iterator* at, tree read) {
  const tree storage = storage_of(read);
  if (!storage || TREE_CODE(storage) == BIT_FIELD_REF) return;
  const tree base = get_base_address(storage);
  if (!base || (DECL_P(base) && VAR_P(base) && DECL_HARD_REGISTER(base))) return;
  if (DECL_P(base)) TREE_ADDRESSABLE(base) = 1;
  const location_t location = gimple_location(gsi_stmt(*at));
  const tree address =
      force_gimple_operand_gsi(at, build_fold_addr_expr(unshare_expr(storage)), true, NULL_TREE, true, GSI_SAME_STMT);
  gcall* call = gimple_build_call(builtin_decl_implicit(call_for(TREE_TYPE(storage))), 1, address);
  gimple_set_location(call, location);
  gsi_insert_before(at, call, GSI_SAME_STMT);
}

bool is_announced(gimple_stmt_iterator at) {
  for (gsi_prev(&at); !gsi_end_p(at); gsi_prev(&at)) {
    gimple* statement = gsi_stmt(at);
    if (announces_volatile_read(statement)) return true;
    // an address that the call needed, or the announcement of the write of the same statement
    const bool address = is_gimple_assign(statement) && !gimple_vuse(statement);
    const tree function = is_gimple_call(statement) ? gimple_call_fndecl(statement) : NULL_TREE;
    const bool announcement = function && fndecl_built_in_p(function, BUILT_IN_NORMAL);
    if (!is_gimple_debug(statement) && !address && !announcement) return false;
  }
  return false;
}

const pass_data description = {GIMPLE_PASS, "pen_volatile", OPTGROUP_NONE, TV_NONE, PROP_cfg, 0, 0, 0, TODO_update_ssa};

struct Pass : gimple_opt_pass {
  explicit Pass(gcc::context* context) : gimple_opt_pass(description, context) {}
  opt_pass* clone() override { return new Pass(m_ctxt); }
  bool gate(function*) override { return (flag_sanitize & SANITIZE_THREAD) != 0; }
  unsigned execute(function* compiled) override {
    basic_block block;
    FOR_EACH_BB_FN(block, compiled) {
      for (gimple_stmt_iterator at = gsi_start_bb(block); !gsi_end_p(at); gsi_next(&at)) {
        gimple* statement = gsi_stmt(at);
        if (!gimple_assign_single_p(statement) || !gimple_vuse(statement)) continue;
        const tree read = gimple_assign_rhs1(statement);
        if (!(DECL_P(read) || REFERENCE_CLASS_P(read)) || !is_volatile(read) || is_announced(at)) continue;
        announce(&at, read);
      }
    }
    return 0;
  }
};

}  // namespace

int plugin_init(plugin_name_args* plugin, plugin_gcc_version* version) {
  if (!plugin_default_version_check(version, &gcc_version)) return 1;
  for (const char* after : {"tsan", "tsan0"}) {
    register_pass_info info = {new Pass(g), after, 0, PASS_POS_INSERT_AFTER};
    register_callback(plugin->base_name, PLUGIN_PASS_MANAGER_SETUP, nullptr, &info);
  }
  return 0;
}
