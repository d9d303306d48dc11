// A sketch as the Arduino IDE takes it: no include, no prototype, setup() and loop().
unsigned long next_ms = 0;

void setup() {
  pinMode(START, INPUT);
  next_ms = millis();
}

void loop() {
  if ((long)(millis() - next_ms) >= 0) {
    next_ms += 10;
    step();
  }
}

void step() {
  ++result;
  analogWrite(MOTOR, digitalRead(START) ? 12000 : 0);
}
