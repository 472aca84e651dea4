import { rotations } from './scenarios/rotations.ts';
import { testScenario } from './support/test-scenario.ts';

testScenario(rotations);
