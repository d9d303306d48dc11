#pragma once
#define WIRE "wire"
