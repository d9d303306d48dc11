// A sketch as the Arduino IDE takes it: no include, no prototype, setup() and loop(). micros() wraps while it runs.
unsigned long next_us = 0;

void setup() {
  pinMode(START, INPUT);
  next_us = micros();
}

void loop() {
  if ((long)(micros() - next_us) >= 0) {
    next_us += 10000;
    step();
  }
}

void step() {
  ++result;
  analogWrite(MOTOR, digitalRead(START) ? 12000 : 0);
}
