import { regrants } from './scenarios/regrants.ts';
import { testScenario } from './support/test-scenario.ts';

testScenario(regrants);
