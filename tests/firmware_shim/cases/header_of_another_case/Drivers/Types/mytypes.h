#pragma once
typedef unsigned char Pin;
