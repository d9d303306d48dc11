/* speed_control.h - functions that the timers and the hall interrupt of the board call. */
#ifndef SPEED_CONTROL_H
#define SPEED_CONTROL_H

void speed_control_init(void);
void current_loop_50us(void);
void speed_loop_1ms(void);
void user_interface_10ms(void);
void hall_interrupt(void);

#endif
