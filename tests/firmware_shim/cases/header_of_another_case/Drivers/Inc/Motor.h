#pragma once
#include "..\Types\MyTypes.H"
#define PIN_MOTOR ((Pin)4)
